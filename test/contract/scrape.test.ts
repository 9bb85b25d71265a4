import { expect, it } from 'vitest';
import { largeMetrics } from '../../bench/runs/large-metrics.js';

const mostBytes = 2_000_000;

it.each(['worker', 'supervisor', 'producer'] as const)(
  'what a scrape reads of a %s with 200 queues and 50 kinds stays below 2 MB',
  async (role) => {
    const page = await largeMetrics(role, { queues: 200, kinds: 50 }).render();

    expect(page.match(/^bulwark_/gm)?.length).toBeGreaterThan(4_000);
    expect(Buffer.byteLength(page)).toBeLessThan(mostBytes);
  },
);
