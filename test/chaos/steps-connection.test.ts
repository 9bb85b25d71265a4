import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, defineQueue } from '../../src/index.js';
import { startDoor } from '../integration/worker-pool/door.js';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { seededRandom } from '../support/seeded-random.js';
import { quickSupervisor } from './pool-process.js';

const jobCount = 400;
const cutCount = 25;

/**
 * Broken: the connections of two workers, each silenced for a moment, so that answers of Redis are lost, and then cut. Holds: a step that a
 * handler was told is done is never run again, whatever became of the run, and every job is completed.
 */
it('runs no step again that a handler knew to be done, while answers of Redis are lost', { timeout: 60_000 }, async ({
  annotate,
}) => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  const pool = await startPool();
  await pool.supervisor({ supervisor: { ...quickSupervisor, poisonAfter: 20, quarantineAfter: 20 } });
  const known = new Set<string>();
  const again: string[] = [];
  let calls = 0;
  const job = defineJob({
    kind: 'order',
    queue: defineQueue({ name: 'orders' }),
    payload: z.object({ failures: z.number() }),
    retry: { attempts: 50, base: 1, cap: 1 },
    async run({ failures }, ctx) {
      for (const name of ['reserve', 'charge', 'mail']) {
        const step = `${ctx.jobId}/${name}`;
        await ctx.step(name, async () => {
          calls += 1;
          if (known.has(step)) again.push(step);
          await sleep(20 * random());
        });
        known.add(step);
      }
      if (ctx.attempt <= failures) throw new Error('again');
    },
  });
  const doors = [await startDoor(pool.server.port), await startDoor(pool.server.port)];
  const worker = { concurrency: 4, leaseMs: 1_500, leaseRenewMs: 300, beatMs: 50 } as const;
  // Half of the jobs fail once, and all of them are to run again at once.
  for (const { url } of doors) await pool.worker([job], { redis: url, worker, job: { retryBudget: false } });
  await pool.producer().enqueueMany(
    job,
    Array.from({ length: jobCount }, () => ({ failures: Math.floor(2 * random()) })),
  );

  for (let cut = 0; cut < cutCount; cut++) {
    const open = doors[cut % 2]?.passages.slice(-3) ?? [];
    const passage = open[Math.floor(random() * open.length)];
    passage?.silence();
    await sleep(100 * random());
    passage?.cut();
  }
  await eventually(
    'every job is completed',
    async () => (await pool.inspector.sample('orders')).completed === jobCount,
    {
      timeoutMs: 40_000,
    },
  );

  expect(again, `seed ${seed}`).toEqual([]);
  expect(known.size).toBe(3 * jobCount);
  await annotate(`${calls} runs of ${known.size} steps, with ${cutCount} connections cut`);
});
