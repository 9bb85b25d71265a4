import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueSample } from '../../src/transport/view-scripts.js';
import type { TestPool } from '../integration/worker-pool/test-pool.js';

/** Where a job may be. */
const places = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
  'completed',
  'failed',
  'dead_lettered',
] as const satisfies readonly (keyof QueueSample)[];

export interface Census {
  readonly samples: number;
  /** Every sum over all states that was seen; one entry when law 1 held at every moment. */
  readonly sums: ReadonlySet<number>;
}

/** Counts the jobs of a queue again and again, whenever Redis answers, until it is stopped. */
export function watchCensus(pool: TestPool, queue: string): { stop(): Promise<Census> } {
  const sums = new Set<number>();
  let samples = 0;
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const sample = await pool.inspector.sample(queue).catch(() => undefined);
      if (sample) {
        sums.add(places.reduce((sum, place) => sum + sample[place], 0));
        samples += 1;
      }
      await sleep(10);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await watching;
      return { samples, sums };
    },
  };
}
