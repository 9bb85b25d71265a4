import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, PermanentError } from '../../src/index.js';
import { startPool, type TestPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { seededRandom } from '../support/seeded-random.js';
import { watchCensus } from './census.js';
import { quickSupervisor } from './pool-process.js';

const jobCount = 4_000;
const stormMs = 4_000;

/** What happens to Redis and to the connections to it, each as likely as the others. */
const faults: Readonly<Record<string, (pool: TestPool) => Promise<unknown>>> = {
  'every connection cut': (pool) => pool.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
  'clients paused': (pool) => pool.client.client('PAUSE', '150', 'ALL'),
  'Redis busy': (pool) => pool.client.call('DEBUG', 'SLEEP', '0.15'),
  'scripts forgotten': (pool) => pool.client.script('FLUSH'),
  'memory full': async (pool) => {
    await pool.client.config('SET', 'maxmemory', '1');
    await sleep(100);
    await pool.client.config('SET', 'maxmemory', '0');
  },
  restart: (pool) => pool.server.restart(),
  crash: async (pool) => {
    await pool.server.kill();
    await pool.server.restart();
  },
};

/**
 * Broken: Redis and every connection to it, several times a second. Holds: law 1 at any moment; every job ends; none runs once
 * more than it has to, because no worker died.
 */
it('loses no job and runs none twice while Redis is in a storm', { timeout: 40_000 }, async ({ annotate }) => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  const pool = await startPool({ appendOnly: true, directives: { 'enable-debug-command': 'local' } });
  const runs = new Map<string, number>();
  const job = defineJob({
    kind: 'do',
    // A slow Redis sheds what may give way: that is not what this is about.
    queue: pool.queue({ criticality: 'critical_plus' }),
    payload: z.object({ n: z.number() }),
    retry: { attempts: 5, base: 1, cap: 1 },
    run: async ({ n }, ctx) => {
      runs.set(ctx.jobId, (runs.get(ctx.jobId) ?? 0) + 1);
      await sleep(5 + 30 * random());
      if (n % 20 === 0 && ctx.attempt === 1) throw new Error('again');
      if (n % 50 === 1) throw new PermanentError('never');
    },
  });
  const queue = job.queue.name;
  const jobs = await pool.producer().enqueueMany(
    job,
    Array.from({ length: jobCount }, (_, n) => ({ n })),
  );
  const census = watchCensus(pool, queue);
  const worker = { concurrency: 8, leaseMs: 3_000, leaseRenewMs: 500, beatMs: 100 };
  await pool.worker([job], { worker });
  await pool.worker([job], { worker });
  await pool.supervisor({ supervisor: { ...quickSupervisor, deadAfterMs: 1_500 } });

  const names = Object.keys(faults);
  const suffered: string[] = [];
  const until = performance.now() + stormMs;
  while (performance.now() < until) {
    await sleep(50 + 300 * random());
    const name = names[Math.floor(random() * names.length)] ?? '';
    suffered.push(name);
    await faults[name]?.(pool);
  }
  const calmSince = performance.now();
  await eventually(
    'every job has ended',
    async () => {
      const { completed, dead_lettered } = await pool.inspector.sample(queue);
      return completed + dead_lettered === jobCount;
    },
    { timeoutMs: 20_000 },
  );

  const story = `seed ${seed}: ${suffered.join(', ')}`;
  const { samples, sums } = await census.stop();
  expect(sums, story).toEqual(new Set([jobCount]));
  const due = (n: number) => (n % 20 === 0 ? 2 : 1);
  expect(
    jobs.filter(({ id }, n) => (runs.get(id) ?? 0) !== due(n)).map(({ id }) => [id, runs.get(id)]),
    story,
  ).toEqual([]);
  expect((await pool.inspector.sample(queue)).dead_lettered, story).toBe(jobCount / 50);
  const restMs = Math.round(performance.now() - calmSince);
  await annotate(`${suffered.length} faults, ${samples} samples, all sums right; the rest took ${restMs} ms`);
});
