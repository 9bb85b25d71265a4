import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mostCallsPerReport } from '../../../src/breaker/breaker-policy.js';
import {
  defineDependency,
  defineJob,
  type JobContext,
  type QueueDefinition,
  TransientError,
} from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { signal } from '../worker-pool/signal.js';
import { recordLog, startPool, usePool } from '../worker-pool/test-pool.js';
import { FleetVerdicts } from './fleet-verdicts.js';

const pool = usePool();
const anything = z.looseObject({});
let names = 0;

/** A dependency that can be broken and mended, and a kind that calls it. */
function aWorld(queue: QueueDefinition, breaker: { probe?: () => Promise<unknown> } = {}) {
  names += 1;
  const state = { isDown: false, calls: 0, probes: 0 };
  const { probe } = breaker;
  const dependency = defineDependency({
    name: `api-${names}`,
    timeout: '2s',
    breaker: {
      openFor: '500ms',
      openAtMost: '500ms',
      ...(probe && {
        probe: async () => {
          state.probes += 1;
          return probe();
        },
      }),
    },
  });
  const job = defineJob({
    kind: 'fetch',
    queue,
    payload: anything,
    dependencies: [dependency],
    retry: { attempts: 20, base: 1, cap: 1 },
    run: (_payload, ctx) =>
      ctx.call(dependency, async () => {
        state.calls += 1;
        if (state.isDown) throw new TransientError('no route');
        return 'fetched';
      }),
  });
  return { state, dependency, job };
}

describe('a worker and the fleet', () => {
  it('tells the leader what its calls came to, and makes no other calls of Redis for them', async () => {
    const { job, dependency } = aWorld(pool().queue());
    await pool().worker([job]);
    const producer = pool().producer();
    const store = new FleetVerdicts(pool()).store;

    const enqueued = await producer.enqueueMany(
      job,
      Array.from({ length: 30 }, () => ({})),
    );
    await Promise.all(enqueued.map((each) => producer.wait(each)));

    let succeeded = 0;
    await eventually('all calls are told of', async () => {
      for (const { calls } of await store.takeEvidence(100)) {
        for (const each of calls) if (each.breaker === dependency.name) succeeded += each.succeeded;
      }
      return succeeded === 30;
    });
  });

  it('tells of the calls of many keys in several reports, none of them large', async () => {
    const { dependency } = aWorld(pool().queue());
    const job = defineJob({
      kind: 'many-hosts',
      queue: pool().queue(),
      payload: anything,
      run: async (_payload, ctx) => {
        for (let key = 0; key < 250; key++) await ctx.call(dependency, () => undefined, { key: `host-${key}` });
      },
    });
    await pool().worker([job]);
    const producer = pool().producer();
    const store = new FleetVerdicts(pool()).store;

    await producer.wait(await producer.enqueue(job, {}));

    const told = new Set<string>();
    await eventually('all calls are told of', async () => {
      for (const { calls } of await store.takeEvidence(100)) {
        expect(calls.length).toBeLessThanOrEqual(mostCallsPerReport);
        for (const { breaker } of calls) if (breaker.startsWith(`${dependency.name}/`)) told.add(breaker);
      }
      return told.size === 250;
    });
  });

  it('learns of a trip in less than a second', async () => {
    const { job, dependency } = aWorld(pool().queue());
    const { log, said } = recordLog();
    await pool().worker([job], { log });
    const verdicts = new FleetVerdicts(pool());

    const trippedAt = performance.now();
    await verdicts.trip(dependency.name);
    await eventually('the worker keeps away', () => said('fetch.limited').some(({ slots }) => slots === 0), {
      intervalMs: 5,
    });

    expect(performance.now() - trippedAt).toBeLessThan(1_000);
  });

  it('has one job of many probe, whose first call is the probe, until enough have succeeded', async () => {
    const queue = pool().queue();
    const { job, dependency, state } = aWorld(queue);
    const other = defineJob({ kind: 'count', queue, payload: anything, run: async () => 'counted' });
    const verdicts = new FleetVerdicts(pool());
    state.isDown = true;
    await verdicts.trip(dependency.name, { openForMs: 500 });
    await Promise.all([pool().worker([job, other]), pool().worker([job, other])]);
    const producer = pool().producer();

    await producer.enqueueMany(
      job,
      Array.from({ length: 100 }, () => ({})),
    );
    await eventually('a probe has failed', async () => {
      // What was set aside comes back after half a minute only: newer jobs find out.
      await producer.enqueue(job, {});
      return (await verdicts.state(dependency.name))?.reason === 'probe_failed';
    });
    const { openings = 0 } = (await verdicts.state(dependency.name)) ?? {};
    expect(state.calls).toBeLessThanOrEqual(openings);

    state.isDown = false;
    await eventually('it is closed', async () => {
      await producer.enqueue(job, {});
      return (await verdicts.state(dependency.name))?.phase === 'closed';
    });
    expect(await verdicts.state(dependency.name)).toMatchObject({ reason: 'probes_succeeded' });
  });

  it('gives a probe back that the job did not use', async () => {
    const queue = pool().queue();
    const { dependency } = aWorld(queue);
    const job = defineJob({
      kind: 'lazy',
      queue,
      payload: anything,
      dependencies: [dependency],
      run: async () => 'no call',
    });
    const verdicts = new FleetVerdicts(pool());
    await verdicts.trip(dependency.name, { openForMs: 0 });
    await pool().worker([job]);
    const producer = pool().producer();

    expect(await producer.wait(await producer.enqueue(job, {}))).toBe('no call');

    await eventually('the lease is free', async () => {
      const state = await verdicts.state(dependency.name);
      return state?.phase === 'half_open' && Object.keys(state.probes.leases).length === 0;
    });
  });

  it('is probed by what the dependency names for it, and by no job', async () => {
    const queue = pool().queue();
    let isBack = false;
    const { job, dependency, state } = aWorld(queue, {
      probe: async () => {
        if (!isBack) throw new Error('not yet');
      },
    });
    const verdicts = new FleetVerdicts(pool());
    await verdicts.trip(dependency.name, { openForMs: 100 });
    await pool().worker([job]);
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});

    await eventually(
      'a probe has failed',
      async () => (await verdicts.state(dependency.name))?.reason === 'probe_failed',
    );
    expect(state.calls).toBe(0);
    isBack = true;

    expect(await producer.wait(enqueued)).toBe('fetched');
    expect(await verdicts.state(dependency.name)).toMatchObject({ phase: 'closed', reason: 'probes_succeeded' });
    expect(state.probes).toBeGreaterThanOrEqual(5);
  });

  it('keeps away while an operator isolates the dependency, and says who did', async () => {
    const queue = pool().queue();
    const { dependency } = aWorld(queue);
    const errors: unknown[] = [];
    const called = signal();
    const job = defineJob({
      kind: 'undeclared',
      queue,
      payload: anything,
      run: async (_payload, ctx) => {
        // The gate of a key goes by the whole dependency.
        await ctx.call(dependency, async () => 'fetched', { key: 'eu' }).catch((error: unknown) => errors.push(error));
        called.send();
      },
    });
    await new FleetVerdicts(pool()).store.isolate(dependency.name, { by: 'ann', why: 'migration' });
    const warm = defineJob({ kind: 'warm', queue, payload: anything, dependencies: [dependency], run: () => 'warm' });
    await pool().worker([job, warm]);

    await pool().producer().enqueue(job, {});
    await called.promise;

    expect(errors).toMatchObject([{ code: 'BULWARK_BREAKER_ISOLATED', breaker: dependency.name }]);
    expect(String(errors[0])).toContain('ann isolated it (migration)');
  });
});

describe('a worker alone', () => {
  it('opens its own breaker without a leader, sets its jobs aside for others, and finds out when it is mended', async () => {
    const queue = pool().queue();
    const { job, state } = aWorld(queue);
    const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
    const { log, said } = recordLog();
    await pool().worker([job], { metrics, log, worker: { concurrency: 2 } });
    const producer = pool().producer();
    state.isDown = true;

    const enqueued = await producer.enqueueMany(
      job,
      Array.from({ length: 10 }, () => ({})),
    );
    await eventually('it keeps away', () => said('fetch.limited').some(({ slots }) => slots === 0));
    const madeBefore = state.calls;
    state.isDown = false;

    expect(await Promise.all(enqueued.map((each) => producer.wait(each, { timeout: '30s' })))).toEqual(
      enqueued.map(() => 'fetched'),
    );
    expect(madeBefore).toBeLessThan(40);
    expect(await metricValue(metrics, 'bulwark_job_attempts_total', { outcome: 'dead_lettered' })).toBe(0);
  });

  it('goes on with its own breakers while Redis is away, and with those of the fleet when it is back', async () => {
    const own = await startPool();
    const queue = own.queue();
    const { job, dependency, state } = aWorld(queue);
    const { log, said } = recordLog();
    const inside = signal();
    const results: string[] = [];
    const long = defineJob({
      kind: 'long',
      queue: own.queue(),
      payload: anything,
      dependencies: [dependency],
      timeout: '1m',
      run: async (_payload, ctx) => {
        inside.send();
        while (!ctx.signal.aborted && results.at(-1) !== 'mended') {
          const answer = await ctx
            .call(dependency, async () => {
              state.calls += 1;
              if (state.isDown) throw new TransientError('no route');
              return 'mended';
            })
            .catch((error: { code?: string }) => error.code ?? 'failed');
          results.push(answer);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return results.length;
      },
    });
    state.isDown = true;
    const worker = await own.worker([job, long], { log });
    await own.producer().enqueue(long, {});
    await inside.promise;
    await own.server.kill();

    await eventually('its own breaker has refused calls', () => results.includes('BULWARK_BREAKER_OPEN'));
    const refusedFrom = results.indexOf('BULWARK_BREAKER_OPEN');
    expect(refusedFrom).toBeLessThan(20);
    expect(said('breaker.own_turned').length).toBeGreaterThan(0);
    state.isDown = false;
    await eventually('it has found out by itself', () => results.at(-1) === 'mended');
    await own.server.restart();
    await eventually('it asks the fleet again', async () => {
      await new FleetVerdicts(own).trip(dependency.name).catch(() => undefined);
      return said('fetch.limited').filter(({ slots }) => slots === 0).length > 0;
    });
    expect(worker.state).toBe('running');
  }, 20_000);
});

describe('one worker of two whose way out is broken', () => {
  it('opens its own breaker alone and takes no more such jobs, and the other does them all', async () => {
    const queue = pool().queue();
    const { job, dependency } = aWorld(queue);
    const triedInVain = { calls: 0 };
    const onBadWorker = {
      ...job,
      run: (_payload: unknown, ctx: JobContext) =>
        ctx.call(dependency, async () => {
          triedInVain.calls += 1;
          throw new TransientError('no route');
        }),
    };
    const { log, said } = recordLog();
    await pool().worker([onBadWorker], { log, worker: { concurrency: 5 } });
    await pool().worker([job], { worker: { concurrency: 1 } });
    const producer = pool().producer();

    const enqueued = await producer.enqueueMany(
      job,
      Array.from({ length: 200 }, () => ({})),
    );

    expect(await Promise.all(enqueued.map((each) => producer.wait(each, { timeout: '30s' })))).toEqual(
      enqueued.map(() => 'fetched'),
    );
    // Eight in a row that may have come with others under way, and a probe now and then.
    expect(triedInVain.calls).toBeLessThan(30);
    expect(said('fetch.limited')[0]).toMatchObject({ slots: 0 });
    expect(await new FleetVerdicts(pool()).state(dependency.name)).toBeUndefined();
    expect(await pool().deadLetters(queue).oldest(1)).toEqual([]);
  }, 30_000);
});
