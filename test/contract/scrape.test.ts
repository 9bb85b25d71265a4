import { expect, it } from 'vitest';
import { largeMetrics } from '../../bench/runs/large-metrics.js';

const mostBytes = 2_000_000;

const roles = ['worker', 'supervisor', 'producer'] as const;

it.each(roles.flatMap((role) => [0, 4].map((exemplars) => [role, exemplars] as const)))(
  'what a scrape reads of a %s with 200 queues and 50 kinds stays below 2 MB, with traces in %i buckets of each series',
  async (role, exemplars) => {
    const page = await largeMetrics(role, { queues: 200, kinds: 50, exemplars }).render();

    expect(page.match(/^bulwark_/gm)?.length).toBeGreaterThan(4_000);
    if (role === 'worker') expect(page.match(/ # \{trace_id=/g)?.length ?? 0).toBe(350 * exemplars);
    expect(Buffer.byteLength(page)).toBeLessThan(mostBytes);
  },
);
