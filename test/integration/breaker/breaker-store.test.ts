import { afterEach, describe, expect, it } from 'vitest';
import type { TripVerdict } from '../../../src/breaker/breaker-machine.js';
import { breakersTtlMs, evidenceTtlMs, mostBreakers, mostReports } from '../../../src/breaker/breaker-policy.js';
import type { CallEvidence, EvidenceReport } from '../../../src/breaker/breaker-state.js';
import { BreakerStore } from '../../../src/breaker/breaker-store.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const start = 1_780_000_000_000 as EpochMs;
const leaseMs = 5_000;
const openForMs = 2_000;
const epoch = 3;
const verdict: TripVerdict = { generation: 0, reason: 'failure_rate', openForMs, callsPerSecond: 12.5, callers: 3 };
const operator = { by: 'ada@ops', why: 'migration' };

/** The store on a clock that stands still until a test moves it, with somebody who leads. */
async function startStore() {
  const { client, keyspace } = pool();
  await client.hset(keyspace.leader, 'epoch', epoch);
  const clock = { now: start };
  const store = new BreakerStore(client, keyspace, () => clock.now);
  const pass = (ms: number) => {
    clock.now = (clock.now + ms) as EpochMs;
  };
  const stateOf = async (name: string) => (await store.list()).states.find((state) => state.name === name);
  /** Half open, with the canary under way. */
  const probing = async (name: string) => {
    await store.trip(name, verdict, epoch);
    pass(openForMs);
    const permit = await store.ask(name, 'canary', leaseMs, openForMs);
    if (permit.kind !== 'probe') throw new Error(`the canary was ${permit.kind}`);
    return permit.generation;
  };
  return { store, client, keyspace, pass, stateOf, probing };
}

afterEach(async () => {
  await pool().client.flushall();
});

describe('trip', () => {
  it('opens a closed breaker, for everybody to see', async () => {
    const { store, stateOf } = await startStore();

    expect(await store.trip('mail', verdict, epoch)).toBe('tripped');

    expect(await stateOf('mail')).toMatchObject({
      phase: 'open',
      reason: 'failure_rate',
      since: start,
      until: start + openForMs,
      openings: 1,
      callsPerSecond: 12.5,
      callers: 3,
    });
  });

  it('refuses a verdict on a breaker that is not as it was', async () => {
    const { store, client } = await startStore();
    await store.trip('mail', verdict, epoch);
    const before = await pool().dump();

    expect(await store.trip('mail', verdict, epoch)).toBe('stale');

    expect(await pool().dump()).toEqual(before);
    expect(await client.dbsize()).toBe(3);
  });

  it('refuses a leader that was deposed, and one where nobody leads', async () => {
    const { store, client, keyspace, stateOf } = await startStore();

    expect(await store.trip('mail', verdict, epoch - 1)).toBe('deposed');
    await client.del(keyspace.leader);
    expect(await store.trip('mail', verdict, epoch)).toBe('deposed');

    expect(await stateOf('mail')).toBeUndefined();
  });

  it('refuses another name when so many are kept that local gates have to do, and opens the known ones', async () => {
    const { store, client, keyspace } = await startStore();
    const known = (await store.release('a', operator)).name;
    const others = Array.from({ length: mostBreakers - 1 }, (_, n) => [`other/${n}`, '{}']);
    await store.isolate(known, operator);
    const { generation } = await store.release(known, operator);
    await client.hset(keyspace.breakers, Object.fromEntries(others));

    expect(await store.trip('mail', verdict, epoch)).toBe('too_many');
    expect(await store.trip(known, { ...verdict, generation }, epoch)).toBe('tripped');
  });
});

describe('ask', () => {
  it('passes where nothing is known of the breaker, and writes nothing', async () => {
    const { store, client, keyspace } = await startStore();

    expect(await store.ask('mail', 'a', leaseMs, openForMs)).toMatchObject({
      kind: 'pass',
      state: { name: 'mail', generation: 0, phase: 'closed' },
    });

    expect(await client.exists(keyspace.breakers, keyspace.breakerGeneration)).toBe(0);
  });

  it('is refused while it is open, with the time that is left', async () => {
    const { store, pass } = await startStore();
    await store.trip('mail', verdict, epoch);
    pass(500);

    expect(await store.ask('mail', 'a', leaseMs, openForMs)).toMatchObject({ kind: 'refused', retryAfterMs: 1_500 });
  });

  it('gives the canary a lease when the time is over, and refuses everybody else', async () => {
    const { store, probing } = await startStore();
    await probing('mail');

    expect(await store.ask('mail', 'b', leaseMs, openForMs)).toMatchObject({
      kind: 'refused',
      state: { phase: 'half_open' },
      retryAfterMs: 1_000,
    });
  });

  it('gives five leases in all to a whole fleet that asks at once', async () => {
    const { store, probing } = await startStore();
    const generation = await probing('mail');
    await store.settle('mail', 'canary', generation, 'succeeded', openForMs);

    const asked = Array.from({ length: 200 }, (_, worker) => store.ask('mail', `w${worker}`, leaseMs, openForMs));
    const permits = await Promise.all(asked);

    expect(permits.filter(({ kind }) => kind === 'probe')).toHaveLength(4);
    expect(permits.filter(({ kind }) => kind === 'refused')).toHaveLength(196);
  });
});

describe('settle', () => {
  it('closes it with four successes', async () => {
    const { store, stateOf, probing } = await startStore();
    const generation = await probing('mail');

    expect(await store.settle('mail', 'canary', generation, 'succeeded', openForMs)).toBe('counted');
    for (const token of ['b', 'c', 'd']) await store.ask('mail', token, leaseMs, openForMs);
    for (const token of ['b', 'c', 'd']) await store.settle('mail', token, generation, 'succeeded', openForMs);

    expect(await stateOf('mail')).toMatchObject({ phase: 'closed', reason: 'probes_succeeded', callsPerSecond: 12.5 });
  });

  it('opens it again when the canary fails', async () => {
    const { store, stateOf, probing } = await startStore();
    const generation = await probing('mail');

    expect(await store.settle('mail', 'canary', generation, 'failed', 4_000)).toBe('counted');

    expect(await stateOf('mail')).toMatchObject({ phase: 'open', reason: 'probe_failed', openings: 2 });
  });

  it('gives back the place of a probe that told nothing', async () => {
    const { store, probing } = await startStore();
    const generation = await probing('mail');

    expect(await store.settle('mail', 'canary', generation, 'ignored', openForMs)).toBe('counted');

    expect(await store.ask('mail', 'b', leaseMs, openForMs)).toMatchObject({ kind: 'probe', generation });
  });

  it.each(['succeeded', 'failed', 'ignored'] as const)('changes nothing by a stale outcome: %s', async (result) => {
    const { store, probing } = await startStore();
    const generation = await probing('mail');
    const before = await pool().dump();

    expect(await store.settle('mail', 'nobody', generation, result, openForMs)).toBe('stale');
    expect(await store.settle('mail', 'canary', generation - 1, result, openForMs)).toBe('stale');
    expect(await store.settle('maps', 'canary', generation, result, openForMs)).toBe('stale');

    expect(await pool().dump()).toEqual(before);
  });

  it('takes an outcome after the lease for the failure that it was', async () => {
    const { store, stateOf, pass, probing } = await startStore();
    const generation = await probing('mail');
    pass(leaseMs);

    expect(await store.settle('mail', 'canary', generation, 'succeeded', openForMs)).toBe('stale');

    expect(await stateOf('mail')).toMatchObject({ phase: 'open', reason: 'probe_expired' });
  });
});

describe('isolate and release', () => {
  it('hold it open and let it go, with who and why', async () => {
    const { store } = await startStore();

    const isolated = await store.isolate('mail', { ...operator, forMs: 60_000 });
    expect(isolated).toMatchObject({ phase: 'isolated', until: start + 60_000, ...operator });
    expect(await store.ask('mail', 'a', leaseMs, openForMs)).toMatchObject({ kind: 'refused', retryAfterMs: 60_000 });

    const released = await store.release('mail', { by: 'bob@ops', why: 'done' });
    expect(released).toMatchObject({ phase: 'closed', reason: 'released', by: 'bob@ops', why: 'done' });
    expect(released.generation).toBe(isolated.generation + 1);
  });

  it('hold it open without an end where none is given', async () => {
    const { store } = await startStore();

    expect(await store.isolate('mail', operator)).not.toHaveProperty('until');
  });

  it('leave a breaker alone that is closed', async () => {
    const { store } = await startStore();

    expect(await store.release('mail', operator)).toMatchObject({ phase: 'closed', generation: 0 });

    expect((await store.list()).states).toEqual([]);
  });
});

describe('tidy', () => {
  const tidy = (store: BreakerStore) => store.tidy(() => openForMs, epoch);

  it('leaves alone what time has not changed', async () => {
    const { store, stateOf, probing } = await startStore();
    await probing('mail');
    await store.trip('maps', verdict, epoch);

    expect(await tidy(store)).toMatchObject({ changes: [], picture: { states: { length: 2 } } });

    expect(await stateOf('mail')).toMatchObject({ phase: 'half_open' });
  });

  it('opens a breaker again whose canary never came back', async () => {
    const { store, pass, probing } = await startStore();
    await probing('mail');
    pass(leaseMs);

    expect(await tidy(store)).toMatchObject({
      changes: [{ before: { phase: 'half_open' }, after: { phase: 'open', reason: 'probe_expired' } }],
      picture: { states: [{ phase: 'open' }] },
    });
  });

  it('ends an isolation whose time is over: the next who asks may probe', async () => {
    const { store, pass } = await startStore();
    await store.isolate('mail', { ...operator, forMs: 1_000 });
    pass(1_000);

    expect(await tidy(store)).toMatchObject({ changes: [{ after: { phase: 'open', reason: 'isolation_expired' } }] });
    expect(await store.ask('mail', 'a', leaseMs, openForMs)).toMatchObject({ kind: 'probe' });
  });

  it('forgets what was closed for ten minutes, and workers see that something changed', async () => {
    const { store, pass } = await startStore();
    await store.isolate('mail', operator);
    const { generation } = await store.release('mail', operator);
    pass(600_000);

    expect(await tidy(store)).toMatchObject({ changes: [], picture: { states: [] } });

    expect(await store.sync(generation)).toMatchObject({ generation: generation + 1, states: [] });
  });

  it('forgets what is no breaker, so that it takes nobody’s place', async () => {
    const { store, client, keyspace } = await startStore();
    await client.hset(keyspace.breakers, 'mail', 'garbage', 'maps', '{"name":"maps"}');

    await tidy(store);

    expect(await client.exists(keyspace.breakers)).toBe(0);
  });

  it('refuses a leader that was deposed', async () => {
    const { store, stateOf, pass, probing } = await startStore();
    await probing('mail');
    pass(leaseMs);

    expect(await store.tidy(() => openForMs, epoch - 1)).toBe('deposed');

    expect(await stateOf('mail')).toMatchObject({ phase: 'half_open' });
  });
});

describe('sync', () => {
  it('tells a new worker all there is, and the moment on Redis’ clock', async () => {
    const { store } = await startStore();
    await store.trip('mail', verdict, epoch);

    const picture = await store.sync(undefined);

    expect(picture).toMatchObject({ now: start, states: [{ name: 'mail', phase: 'open' }] });
  });

  it('costs one command while nothing changes', async () => {
    const { store, client } = await startStore();
    await store.trip('mail', verdict, epoch);
    const { generation } = await store.list();
    await client.config('RESETSTAT');

    expect(await store.sync(generation)).toBe('unchanged');

    expect(await client.info('commandstats')).toMatch(/cmdstat_get:calls=1,/);
    expect(await client.info('commandstats')).not.toMatch(/cmdstat_(evalsha|hgetall)/);
  });

  it('tells of every transition by a higher generation', async () => {
    const { store, probing } = await startStore();
    const before = await store.list();
    await probing('mail');

    const picture = await store.sync(before.generation);

    if (picture === 'unchanged') throw new Error('it has changed');
    expect(picture.generation).toBeGreaterThan(before.generation);
    expect(picture.states[0]?.generation).toBe(picture.generation);
  });

  it('is told where nothing was ever written that nothing changes', async () => {
    const { store } = await startStore();

    expect(await store.sync(undefined)).toEqual({ generation: 0, now: start, states: [] });
    expect(await store.sync(0)).toBe('unchanged');
  });

  it('takes Redis’ own clock where none is given', async () => {
    const { client, keyspace } = pool();

    const { now } = await new BreakerStore(client, keyspace).list();

    const [seconds] = await client.time();
    expect(Math.abs(now / 1_000 - Number(seconds))).toBeLessThan(5);
  });
});

describe('what is kept', () => {
  it('expires a day after anybody was last interested', async () => {
    const { store, client, keyspace } = await startStore();
    await store.isolate('mail', operator);
    await store.release('mail', operator);
    await client.pexpire(keyspace.breakers, 1_000);
    await client.pexpire(keyspace.breakerGeneration, 1_000);

    await store.list();

    for (const key of [keyspace.breakers, keyspace.breakerGeneration]) {
      expect(await client.pttl(key)).toBeGreaterThan(breakersTtlMs - 10_000);
    }
  });

  it('is kept for as long as something is isolated, whether anybody is interested or not, and expires after it', async () => {
    const { store, client, keyspace } = await startStore();
    await store.isolate('mail', operator);
    await store.isolate('crm', operator);
    await store.release('crm', operator);
    expect(await client.pttl(keyspace.breakers)).toBe(-1);
    await store.list();
    expect(await client.pttl(keyspace.breakers)).toBe(-1);

    await store.release('mail', operator);
    await store.list();

    expect(await client.pttl(keyspace.breakers)).toBeGreaterThan(0);
  });

  it('has generations above all from before, also when Redis lost everything', async () => {
    const { store, client, pass } = await startStore();
    const before = await store.isolate('mail', operator);
    await client.flushall();
    pass(1_000);

    const after = await store.isolate('mail', operator);

    expect(after.generation).toBeGreaterThan(before.generation);
  });

  it('has generations above those of the breakers when only the counter was lost', async () => {
    const { store, client, keyspace } = await startStore();
    const before = await store.isolate('mail', operator);
    await client.set(keyspace.breakerGeneration, 5);

    expect((await store.release('mail', operator)).generation).toBeGreaterThan(before.generation);
  });
});

const calls: CallEvidence = {
  breaker: 'mail',
  generation: 0,
  succeeded: 1,
  failed: 2,
  slow: 0,
  failedInARow: 2,
  retryAfterMs: 5_000,
};
const report = (worker: string): EvidenceReport => ({ worker, calls: [calls] });

describe('evidence', () => {
  it('goes to the leader once, the oldest first, with its moment', async () => {
    const { store, pass } = await startStore();
    await store.report(report('a'));
    pass(500);
    await store.report(report('b'));

    expect(await store.takeEvidence(1)).toEqual([{ at: start, ...report('a') }]);
    expect(await store.takeEvidence(10)).toEqual([{ at: start + 500, ...report('b') }]);
    expect(await store.takeEvidence(10)).toEqual([]);
  });

  it('is forgotten where nobody takes it', async () => {
    const { store, client, keyspace } = await startStore();
    await store.report(report('a'));

    expect(await client.pttl(keyspace.breakerEvidence)).toBeGreaterThan(evidenceTtlMs - 10_000);
  });

  it('is bounded: the oldest goes', async () => {
    const { store, client, keyspace } = await startStore();
    await client.rpush(keyspace.breakerEvidence, ...Array.from({ length: mostReports }, () => 'old'));
    await store.report(report('a'));

    expect(await client.llen(keyspace.breakerEvidence)).toBe(mostReports);
  });

  it('leaves out what is none', async () => {
    const { store, client, keyspace } = await startStore();
    await client.rpush(keyspace.breakerEvidence, 'garbage', '1 {"worker":7}', '{}');
    await store.report(report('a'));

    expect(await store.takeEvidence(10)).toEqual([{ at: start, ...report('a') }]);
  });
});

describe('ration', () => {
  it('spreads the calls of all who ask evenly over the second, a few of them ahead of their turn', async () => {
    const { store } = await startStore();

    const shares = [];
    for (let n = 0; n < 5; n++) shares.push(await store.ration('mail', 20, 1));

    // A tenth of a second's calls are made up for, and a tenth of a second's taken ahead.
    expect(shares).toEqual([
      { given: 1, inMs: 0 },
      { given: 1, inMs: 0 },
      { given: 1, inMs: 0 },
      { given: 1, inMs: 50 },
      { given: 1, inMs: 100 },
    ]);
    expect(await store.ration('mail', 20, 1)).toEqual({ given: 0, inMs: 50 });
  });

  it('gives as many at once as are wanted, and as there are', async () => {
    const { store } = await startStore();

    expect(await store.ration('mail', 1_000, 10)).toEqual({ given: 10, inMs: 0 });
    expect(await store.ration('mail', 1_000, 500)).toEqual({ given: 191, inMs: 100 });
    expect(await store.ration('crm', 1_000, 1)).toEqual({ given: 1, inMs: 0 });
  });

  it('never gives more in a second than the rate and what was saved', async () => {
    const { store, pass } = await startStore();

    let given = 0;
    for (let ms = 0; ms < 1_000; ms += 10) {
      given += (await store.ration('mail', 100, 3)).given;
      pass(10);
    }

    expect(given).toBeLessThanOrEqual(100 + 10 + 10 + 1);
    expect(given).toBeGreaterThanOrEqual(100);
  });

  it('is not held up by what somebody else wrote, or was written under another clock', async () => {
    const { store, client, keyspace } = await startStore();
    await client.set(keyspace.breakerRations, 'no hash');
    expect((await store.ration('mail', 10, 1)).given).toBe(1);

    for (const written of ['nonsense', 'nan', String(start + 3_600_000)]) {
      await client.hset(keyspace.breakerRations, 'mail', written);
      expect((await store.ration('mail', 10, 1)).given, written).toBe(1);
    }
    expect(await client.pttl(keyspace.breakerRations)).toBeGreaterThan(60_000);
  });
});

describe('what somebody else put in the place of', () => {
  const others: [type: string, put: (key: string) => Promise<unknown>][] = [
    ['string', (key) => pool().client.set(key, 'x')],
    ['set', (key) => pool().client.sadd(key, 'x')],
    ['list', (key) => pool().client.rpush(key, 'x')],
    ['hash', (key) => pool().client.hset(key, 'x', 'x')],
  ];

  it.each(others)('the breakers, a %s, counts as none and goes with the next transition', async (_type, put) => {
    const { store, keyspace, stateOf } = await startStore();
    await put(keyspace.breakers);

    expect(await store.ask('mail', 'a', leaseMs, openForMs)).toMatchObject({ kind: 'pass' });
    expect(await store.settle('mail', 'a', 1, 'failed', openForMs)).toBe('stale');
    expect(await store.trip('mail', verdict, epoch)).toBe('tripped');

    expect(await stateOf('mail')).toMatchObject({ phase: 'open' });
  });

  it.each(others)('the breakers, a %s, is no reason not to read them', async (_type, put) => {
    const { store, keyspace } = await startStore();
    await put(keyspace.breakers);

    expect(await store.sync(undefined)).toMatchObject({ generation: 0, states: [] });
    expect(await store.tidy(() => openForMs, epoch)).toMatchObject({ picture: { states: [] } });
  });

  it.each(others)('the counter, a %s, is no counter', async (_type, put) => {
    const { store, keyspace } = await startStore();
    await put(keyspace.breakerGeneration);

    expect(await store.sync(0)).toMatchObject({ generation: 0 });
    await put(keyspace.breakerGeneration);
    expect((await store.isolate('mail', operator)).generation).toBe(start + 1);

    expect(await store.sync(start + 1)).toBe('unchanged');
  });

  it.each(['99999999999999999999', '-5', '007', '1.5'])('the counter, %s, is no counter', async (text) => {
    const { store, client, keyspace } = await startStore();
    await client.set(keyspace.breakerGeneration, text);

    expect((await store.isolate('mail', operator)).generation).toBe(start + 1);
  });

  it.each(others)('the evidence, a %s, holds none and goes with the next report', async (_type, put) => {
    const { store, keyspace } = await startStore();
    await put(keyspace.breakerEvidence);

    expect(await store.takeEvidence(10)).toEqual([]);
    await put(keyspace.breakerEvidence);
    await store.report(report('a'));

    expect(await store.takeEvidence(10)).toEqual([{ at: start, ...report('a') }]);
  });

  it.each([
    'no json',
    '7',
    'null',
    '[]',
    '{"name":"mail","phase":"open"}',
    `"${'x'.repeat(10_000)}"`,
    '['.repeat(2_000),
  ])('a breaker, %.40s, counts as one of which nobody has heard', async (json) => {
    const { store, client, keyspace, stateOf } = await startStore();
    await client.hset(keyspace.breakers, 'mail', json);

    expect(await stateOf('mail')).toBeUndefined();
    expect(await store.ask('mail', 'a', leaseMs, openForMs)).toMatchObject({ kind: 'pass' });
    expect(await store.trip('mail', verdict, epoch)).toBe('tripped');

    expect(await stateOf('mail')).toMatchObject({ phase: 'open' });
  });
});
