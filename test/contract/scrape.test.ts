import { expect, it } from 'vitest';
import { largeMetrics } from '../../bench/runs/large-metrics.js';

/** The promise is 2 MB. Names may be longer than those here, and the counts of a worker that lives for long have more digits. */
const mostBytes = 1_910_000;

const roles = ['worker', 'supervisor', 'producer'] as const;

it.each(roles.flatMap((role) => [false, true].map((traced) => [role, traced] as const)))(
  'what a scrape reads of a %s with 200 queues and 50 kinds stays well below 2 MB, with traces in every bucket: %s',
  async (role, traced) => {
    const page = await largeMetrics(role, { queues: 200, kinds: 50, traced }).render();

    expect(page.match(/^bulwark_/gm)?.length).toBeGreaterThan(4_000);
    if (role === 'worker') expect(page.match(/ # \{trace_id=/g)?.length ?? 0).toBe(traced ? 350 : 0);
    expect(Buffer.byteLength(page)).toBeLessThan(mostBytes);
  },
);
