import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BreakerStore } from '../../../src/breaker/breaker-store.js';
import { parkReasonOf } from '../../../src/breaker/park-reason.js';
import { defineDependency, defineJob } from '../../../src/index.js';
import { parseTrail } from '../../../src/job/trail.js';
import { ParkedJobs } from '../../../src/transport/parked-jobs.js';
import { eventually } from '../../support/eventually.js';
import { recordLog, startPool } from '../worker-pool/test-pool.js';

/** Three workers and a leader, jobs that need a dependency and jobs that do not, and the dependency, which can be taken away. */
async function startOutage() {
  const pool = await startPool();
  const crm = { isDown: true, calls: 0 };
  const dependency = defineDependency({ name: 'crm', timeout: '1s' });
  const queue = pool.queue();
  const needy = defineJob({
    kind: 'needy',
    queue,
    payload: z.object({ n: z.number() }),
    dependencies: [dependency],
    retry: { attempts: 50, base: '100ms', cap: '200ms' },
    run: (_payload, ctx) =>
      ctx.call(dependency, async () => {
        crm.calls += 1;
        if (crm.isDown) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      }),
  });
  const free = defineJob({ kind: 'free', queue, payload: z.object({ n: z.number() }), run: async () => undefined });
  const producer = pool.producer();
  const { log, said } = recordLog();
  const supervisor = await pool.supervisor({ log });
  await eventually('it leads', () => supervisor.leads);
  for (let n = 0; n < 3; n++) await pool.worker([needy, free], { worker: { concurrency: 4 } });
  const store = new BreakerStore(pool.client, pool.keyspace);
  const parked = new ParkedJobs(pool.client, pool.keyspace);
  return {
    pool,
    crm,
    said,
    enqueue: (kind: 'needy' | 'free', count: number) =>
      producer.enqueueMany(
        kind === 'needy' ? needy : free,
        Array.from({ length: count }, (_, n) => ({ n })),
      ),
    state: async () => (await store.list()).states.find(({ name }) => name === 'crm'),
    isParked: (count: number) =>
      eventually(
        `${count} are set aside`,
        async () => {
          const { now } = await store.list();
          const [there = 0] = await parked.count([{ queue: queue.name, reason: parkReasonOf('crm') }], now);
          return there >= count;
        },
        { timeoutMs: 15_000 },
      ),
    completed: (jobs: readonly { readonly id: string }[]) =>
      eventually(
        `${jobs.length} completed`,
        async () => {
          const views = await pool.inspector.outcomes(
            queue.name,
            jobs.map(({ id }) => id),
          );
          return views.every((view) => view.state === 'completed') ? views : undefined;
        },
        { timeoutMs: 30_000, intervalMs: 100 },
      ),
    job: (id: string) => pool.inspector.job(queue.name, id),
    trailOf: async (id: string) => parseTrail(await pool.client.hget(pool.keyspace.queue(queue.name, id), 'bwt')),
  };
}

describe('a dependency that is down for the whole pool', () => {
  it('has its breaker opened by the leader; its jobs wait, others go on, and all are done when it is back', async () => {
    const { crm, enqueue, state, isParked, completed, said, trailOf } = await startOutage();
    const needy = await enqueue('needy', 40);
    await eventually(
      'it opened',
      async () => (await state())?.phase !== undefined && (await state())?.phase !== 'closed',
      {
        timeoutMs: 15_000,
      },
    );
    await isParked(35);

    await completed(await enqueue('free', 20));
    const callsWhileDown = crm.calls;
    crm.isDown = false;
    await completed(needy);

    expect(callsWhileDown).toBeLessThan(120);
    expect(said('breaker.opened').length).toBeGreaterThanOrEqual(1);
    expect(said('breaker.closed')).toMatchObject([{ breaker: 'crm', reason: 'probes_succeeded' }]);
    const trails = await Promise.all(needy.map(({ id }) => trailOf(id)));
    expect(
      trails.filter((trail) => trail.some(({ what, returned }) => what === 'returned' || returned !== undefined))
        .length,
    ).toBeGreaterThan(5);
  }, 60_000);
});
