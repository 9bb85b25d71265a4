import { describe, expect, it } from 'vitest';
import type { CallEvidence } from '../../../src/breaker/breaker-state.js';
import { BreakerStore } from '../../../src/breaker/breaker-store.js';
import { BreakerWatch } from '../../../src/breaker/breaker-watch.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { systemClock } from '../../../src/time/clock.js';
import { readAudit } from '../../support/audit.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, startPool, type TestPool } from '../worker-pool/test-pool.js';

const prompt = { leaseMs: 2_000, renewMs: 100 } as const;

const bad = (given: Partial<CallEvidence> = {}): CallEvidence => ({
  breaker: 'smtp',
  generation: 0,
  succeeded: 0,
  failed: 5,
  slow: 0,
  failedInARow: given.failed ?? 5,
  ...given,
});
const good = (given: Partial<CallEvidence> = {}): CallEvidence =>
  bad({ succeeded: 20, failed: 0, failedInARow: 0, ...given });

/** A pool with a leader, and the breakers as they stand in Redis. */
async function lead(pool?: TestPool) {
  const there = pool ?? (await startPool());
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const { log, said } = recordLog();
  const supervisor = await there.supervisor({ metrics, log, supervisor: prompt });
  await eventually('it leads', () => supervisor.leads);
  const store = new BreakerStore(there.client, there.keyspace);
  const breaker = async (name = 'smtp') => (await store.list()).states.find((state) => state.name === name);
  return {
    pool: there,
    supervisor,
    store,
    said,
    breaker,
    report: (worker: string, ...calls: CallEvidence[]) => store.report({ worker, calls }),
    isOpen: (name?: string) =>
      eventually(`${name ?? 'smtp'} is open`, async () => (await breaker(name))?.phase === 'open'),
    taken: () =>
      eventually('all is taken', async () => (await there.client.llen(there.keyspace.breakerEvidence)) === 0),
    shows: (state: string, name = 'smtp') => metricValue(metrics, 'bulwark_breaker_state', { breaker: name, state }),
    counted: (from: string, to: string) =>
      metricValue(metrics, 'bulwark_breaker_transitions_total', { breaker: 'smtp', from, to }),
  };
}

describe('the leader', () => {
  it('opens the breaker of a dependency that fails in three workers, within two seconds', async () => {
    const { report, isOpen, breaker } = await lead();
    await report('w1', good({ succeeded: 2 }));
    await Promise.all(['w1', 'w2', 'w3'].map((worker) => report(worker, bad())));
    const enoughAt = performance.now();

    await isOpen();

    expect(performance.now() - enoughAt).toBeLessThan(2_000);
    expect(await breaker()).toMatchObject({ reason: 'failure_rate', openings: 1, callers: 3 });
  });

  it('leaves it closed when it fails in one worker of five, and says so', async () => {
    const { report, taken, said, breaker } = await lead();
    for (const worker of ['w2', 'w3', 'w4', 'w5']) await report(worker, good());

    for (let n = 0; n < 5; n++) await report('w1', bad({ failed: 40 }));

    await taken();
    await eventually('it is said', () => said('breaker.no_quorum').length === 1);
    expect(await breaker()).toBeUndefined();
    expect(said('breaker.no_quorum')).toMatchObject([{ breaker: 'smtp', failing: 1, reporting: 5 }]);
  });

  it('opens it when the breakers of enough workers have opened, however few their calls are of all', async () => {
    const { report, taken, said, isOpen, breaker } = await lead();
    for (const worker of ['w1', 'w2', 'w3', 'w4', 'w5']) await report(worker, good({ succeeded: 200 }));
    await report('w1', bad({ failed: 20, opened: 'consecutive_failures' }));
    await taken();
    await eventually('one is not enough', () => said('breaker.no_quorum').length === 1);

    await report('w2', bad({ failed: 20, opened: 'consecutive_failures' }));

    await isOpen();
    expect(await breaker()).toMatchObject({ reason: 'consecutive_failures', callers: 5 });
    expect((await breaker())?.callsPerSecond).toBeGreaterThan(50);
  });

  it('says what it opened and why: log, metrics, audit stream', async () => {
    const { pool, supervisor, report, isOpen, said, shows, counted } = await lead();

    await Promise.all(['w1', 'w2'].map((worker) => report(worker, bad())));
    await isOpen();

    const [entry] = await eventually('it is written down', async () => {
      const entries = await readAudit(pool.client, 'bulwark', 'breaker.');
      return entries.length > 0 ? entries : undefined;
    });
    expect(entry).toMatchObject({ by: supervisor.id, what: 'breaker.open', breaker: 'smtp', fence: '1' });
    expect(JSON.parse(entry?.['details'] ?? '')).toMatchObject({
      openings: 1,
      calls: 10,
      failed: 10,
      failing: 2,
    });
    expect(said('breaker.opened')).toMatchObject([{ breaker: 'smtp', from: 'closed', openings: 1, reporting: 2 }]);
    expect([await shows('open'), await shows('closed'), await counted('closed', 'open')]).toEqual([1, 0, 1]);
  });

  it('tells what workers did without it: probes, and the end of it', async () => {
    const { pool, store, report, isOpen, said, shows, counted } = await lead();
    await Promise.all(['w1', 'w2'].map((worker) => report(worker, bad())));
    await isOpen();

    const permit = await eventually('the first probe', async () => {
      const asked = await store.ask('smtp', 'first', 5_000, 2_000);
      return asked.kind === 'probe' ? asked : undefined;
    });
    await store.settle('smtp', 'first', permit.generation, 'succeeded', 2_000);
    await eventually('it is half-open', async () => (await shows('half_open')) === 1);
    for (const token of ['a', 'b', 'c']) {
      await store.ask('smtp', token, 5_000, 2_000);
      await store.settle('smtp', token, permit.generation, 'succeeded', 2_000);
    }

    await eventually('it is closed', async () => (await shows('closed')) === 1);
    await eventually(
      'it is written down',
      async () => (await readAudit(pool.client, 'bulwark', 'breaker.')).length === 2,
    );
    expect([await counted('open', 'half_open'), await counted('half_open', 'closed')]).toEqual([1, 1]);
    expect(said('breaker.closed')).toMatchObject([{ from: 'half_open', reason: 'probes_succeeded' }]);
    expect((await readAudit(pool.client, 'bulwark', 'breaker.')).map(({ what, why }) => [what, why])).toEqual([
      ['breaker.open', 'consecutive_failures'],
      ['breaker.close', 'probes_succeeded'],
    ]);
  });

  it('counts a probe whose worker is gone as failed, and opens again', async () => {
    const { store, report, isOpen, breaker } = await lead();
    await Promise.all(['w1', 'w2'].map((worker) => report(worker, bad())));
    await isOpen();

    await eventually('a probe', async () => (await store.ask('smtp', 'lost', 200, 2_000)).kind === 'probe');

    await eventually('it opens again', async () => (await breaker())?.reason === 'probe_expired');
    expect(await breaker()).toMatchObject({ phase: 'open', openings: 2 });
  });

  it('keeps away for as long as the dependency asked, and for as long as its definition says', async () => {
    const { report, isOpen, breaker } = await lead();
    const asked = bad({ retryAfterMs: 120_000 });
    const defined = bad({ breaker: 'crm', openForMs: 40_000, openAtMostMs: 60_000 });

    await Promise.all(['w1', 'w2'].map((worker) => report(worker, asked, defined)));
    await Promise.all([isOpen(), isOpen('crm')]);

    const openFor = async (name: string) => {
      const { until = 0, since = 0 } = (await breaker(name)) ?? {};
      return (until - since) / 1_000;
    };
    expect(await openFor('smtp')).toBeGreaterThan(110);
    expect(await openFor('crm')).toBeGreaterThanOrEqual(32);
    expect(await openFor('crm')).toBeLessThanOrEqual(48);
  });

  it('ignores calls that began before the last transition', async () => {
    const { store, report, isOpen, breaker } = await lead();
    await store.isolate('smtp', { by: 'ada', why: 'moving' });
    const { generation } = await store.release('smtp', { by: 'ada', why: 'moved' });

    await Promise.all(
      ['w1', 'w2', 'w3'].map((worker) => report(worker, bad({ generation: generation - 1, failed: 50 }))),
    );
    await Promise.all(['w1', 'w2'].map((worker) => report(worker, bad({ breaker: 'crm' }))));

    await isOpen('crm');
    expect(await breaker()).toMatchObject({ phase: 'closed', generation });
  });

  it('takes what lies there for what it is, whoever wrote it', async () => {
    const { pool, report, isOpen, said } = await lead();
    const { breakers, breakerEvidence } = pool.keyspace;
    await pool.client.hset(breakers, { broken: '{', odd: '{"name":"odd","phase":"ajar"}' });
    await pool.client.rpush(
      breakerEvidence,
      'nonsense',
      '1 {}',
      `${Date.now()} {"worker":"w","calls":[null,{"breaker":7}]}`,
    );

    await Promise.all(['w1', 'w2'].map((worker) => report(worker, bad())));

    await isOpen();
    expect(said('service.failed')).toEqual([]);
  });
});

describe('a leader that another one follows', () => {
  it('does not tell anew what is open already, and goes on from there', async () => {
    const first = await lead();
    await Promise.all(['w1', 'w2'].map((worker) => first.report(worker, bad())));
    await first.isOpen();
    await first.supervisor.stop();

    const second = await lead(first.pool);

    await eventually('it shows the breaker', async () => (await second.shows('open')) === 1);
    expect(second.said('breaker.opened')).toEqual([]);
    expect(await first.shows('open')).toBe(0);
  });

  it('cannot open a breaker any more, and steps down', async () => {
    const pool = await startPool();
    await pool.client.hset(pool.keyspace.leader, { id: 'the next one', epoch: 2 });
    const store = new BreakerStore(pool.client, pool.keyspace);
    const deposed: number[] = [];
    const watch = new BreakerWatch({
      // It was held up between its look at the breakers and its verdict.
      store: {
        takeEvidence: (most) => store.takeEvidence(most),
        tidy: async () => ({ picture: await store.list(), changes: [] }),
        trip: (...verdict) => store.trip(...verdict),
        list: () => store.list(),
      },
      audit: { append: () => Promise.reject(new Error('nothing is to be written down')) },
      leadership: { term: 1, deposed: (epoch) => void deposed.push(epoch) },
      supervisor: 'the one before',
      clock: systemClock,
      random: Math.random,
      log: recordLog().log,
      metrics: createMetrics({ role: 'supervisor', version: '0' }),
    });
    for (const worker of ['w1', 'w2', 'w3']) await store.report({ worker, calls: [bad()] });

    await watch.look();

    expect(deposed).toEqual([1]);
    expect((await store.list()).states).toEqual([]);
  });
});
