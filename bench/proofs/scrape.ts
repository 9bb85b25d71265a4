import { performance } from 'node:perf_hooks';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { largeMetrics } from '../runs/large-metrics.js';

const pool = { queues: 200, kinds: 50, traced: true };
const scrapes = 200;
const mostMs = 50;
const mostBytes = 2_000_000;

/** What a scrape costs a process of a large pool: while it writes its page, it runs no job. */
export const scrape: Proof = {
  name: 'scrape',
  about: 'size and time of the page of metrics, with 200 queues and 50 kinds, and traces',
  run: async (say, { quick }): Promise<ProofResult> => {
    const times = quick ? 10 : scrapes;
    const scenarios = [];
    for (const role of ['worker', 'supervisor'] as const) {
      say(`${times} scrapes of a ${role} …`);
      scenarios.push({ name: role, ...(await measure(role, times, !quick)), lost: 0 });
    }
    const [worker] = scenarios;
    return { proof: 'scrape', bulwark: worker?.bulwark ?? {}, scenarios, lost: 0 };
  },
};

async function measure(role: 'worker' | 'supervisor', times: number, promises: boolean) {
  const metrics = largeMetrics(role, pool);
  const firstMs = await timeOf(() => metrics.render());
  const durations: number[] = [];
  for (let n = 0; n < times; n++) durations.push(await timeOf(() => metrics.render()));
  durations.sort((one, other) => one - other);
  const page = await metrics.render();
  const bytes = Buffer.byteLength(page);
  const p99Ms = durations[Math.ceil(times * 0.99) - 1] ?? 0;
  const under = (ms: number) => ({ limit: mostMs, held: ms < mostMs });
  const bulwark: Figures = {
    lines: page.split('\n').length,
    bytes,
    firstMs: rounded(firstMs),
    p50Ms: rounded(durations[Math.floor(times / 2)] ?? 0),
    p99Ms: rounded(p99Ms),
  };
  return {
    bulwark,
    ...(promises && {
      // The first one finds the code cold and the lines unwritten, and holds jobs up like any other.
      bounds: {
        bytes: { limit: mostBytes, held: bytes < mostBytes },
        firstMs: under(firstMs),
        p99Ms: under(p99Ms),
      },
    }),
  };
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
