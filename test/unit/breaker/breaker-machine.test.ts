import { describe, expect, it } from 'vitest';
import {
  BreakerMachine,
  closedBreaker,
  type ProbeOutcome,
  type TripVerdict,
} from '../../../src/breaker/breaker-machine.js';
import { fleetRules, localRules } from '../../../src/breaker/breaker-policy.js';
import type { BreakerState } from '../../../src/breaker/breaker-state.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = 1_780_000_000_000 as EpochMs;
const later = (ms: number) => (now + ms) as EpochMs;
const machine = new BreakerMachine(fleetRules);
const openForMs = 2_000;
const leaseMs = 5_000;

const breaker = (changes: Partial<BreakerState> = {}): BreakerState => ({
  ...closedBreaker('mail'),
  generation: 7,
  since: now,
  openings: 1,
  callsPerSecond: 20,
  callers: 3,
  ...changes,
});
const open = (changes: Partial<BreakerState> = {}) =>
  breaker({ phase: 'open', reason: 'failure_rate', until: later(openForMs), ...changes });
const halfOpen = (probes: Partial<BreakerState['probes']>) =>
  breaker({ phase: 'half_open', reason: 'failure_rate', probes: { leases: {}, succeeded: 0, failed: 0, ...probes } });
const leases = (...tokens: string[]) => Object.fromEntries(tokens.map((token) => [token, later(leaseMs)]));

const verdict: TripVerdict = { generation: 7, reason: 'failure_rate', openForMs, callsPerSecond: 50, callers: 4 };
const ask = (state: BreakerState, token: string, at = now, begins = true) =>
  machine.ask(state, { token, leaseMs, openForMs, begins }, at);
const settle = (state: BreakerState, token: string, result: ProbeOutcome['result'], at = now) =>
  machine.settle(state, { token, generation: state.generation, result, openForMs }, at);

describe('trip', () => {
  it('opens a closed breaker for a time, and keeps what its calls were', () => {
    const { state, reply } = machine.trip(breaker({ openings: 0, callsPerSecond: 0 }), verdict, now);

    expect(reply).toBe('tripped');
    expect(state).toEqual({
      ...open({ generation: 8, openings: 1, callsPerSecond: 50, callers: 4 }),
      until: later(openForMs),
    });
  });

  it('gives it a generation above all of the fleet', () => {
    expect(machine.trip(breaker(), verdict, now, 900).state.generation).toBe(901);
  });

  it.each([
    ['on a generation that has passed', breaker({ generation: 8 })],
    ['on one that is open already', open()],
    ['on one that is half open', halfOpen({})],
    ['on one that is isolated', breaker({ phase: 'isolated' })],
  ])('changes nothing by a verdict %s', (_which, state) => {
    expect(machine.trip(state, verdict, now)).toEqual({ state, reply: 'stale' });
  });

  it.each([
    ['counts openings in a row', 60_000, 3, 4],
    ['counts from one when it was closed for ten minutes', 600_000, 3, 1],
  ])('%s', (_what, closedForMs, openings, counted) => {
    expect(machine.trip(breaker({ openings }), verdict, later(closedForMs)).state.openings).toBe(counted);
  });

  it.each([
    ['keeps the rate from before in a relapse, because the ramp slows calls', 20, 30_000, 20],
    ['takes the new rate when the ramp is over', 20, 70_000, 50],
    ['takes the new rate when none is known', 0, 30_000, 50],
  ])('%s', (_what, callsPerSecond, closedForMs, kept) => {
    const { state } = machine.trip(breaker({ callsPerSecond }), verdict, later(closedForMs));

    expect(state.callsPerSecond).toBe(kept);
  });

  it('opens for a quarter of an hour at most', () => {
    const { state } = machine.trip(breaker(), { ...verdict, openForMs: 10 ** 9 }, now);

    expect(state.until).toBe(later(900_000));
  });
});

describe('ask', () => {
  it('passes where it is closed', () => {
    expect(ask(breaker(), 'a').reply).toMatchObject({ kind: 'pass' });
  });

  it('is refused while it is open, until its time is over', () => {
    expect(ask(open(), 'a', later(500))).toMatchObject({
      state: open(),
      reply: { kind: 'refused', retryAfterMs: 1_500 },
    });
  });

  it.each([
    ['its time is over', open(), openForMs],
    ['its time lies so far ahead that another clock must have set it', open({ until: later(10 ** 9) }), 0],
    ['nobody knows until when it was to be', breaker({ phase: 'open' }), 0],
  ])('half-opens it when %s, and lets the canary go', (_when, state, ms) => {
    const { state: after, reply } = ask(state, 'a', later(ms));

    expect(reply).toMatchObject({ kind: 'probe', generation: 8 });
    expect(after).toMatchObject({
      phase: 'half_open',
      since: later(ms),
      probes: { leases: { a: later(ms + leaseMs) } },
    });
    expect(after).not.toHaveProperty('until');
  });

  it.each([
    ['alone until it has succeeded', { leases: leases('a') }],
    ['four when one has succeeded', { leases: leases('a', 'b', 'c', 'd'), succeeded: 1 }],
    ['and three when one of two has failed', { leases: leases('a', 'b', 'c'), succeeded: 1, failed: 1 }],
  ])('has probes go: %s', (_how, probes) => {
    const state = halfOpen(probes);

    expect(ask(state, 'z')).toMatchObject({ state, reply: { kind: 'refused', retryAfterMs: 1_000 } });
  });

  it('gives the next place as soon as one is free', () => {
    expect(ask(halfOpen({ leases: leases('a', 'b', 'c'), succeeded: 1 }), 'z').reply.kind).toBe('probe');
  });

  it('gives one lease to whoever asks twice', () => {
    const { state, reply } = ask(halfOpen({ leases: leases('a') }), 'a', later(100));

    expect(reply.kind).toBe('probe');
    expect(state.probes.leases).toEqual({ a: later(100 + leaseMs) });
  });

  it('leases for an hour at most', () => {
    const { state } = machine.ask(halfOpen({}), { token: 'a', leaseMs: 10 ** 9, openForMs, begins: true }, now);

    expect(state.probes.leases['a']).toBe(later(3_600_000));
  });

  it('opens it again when the canary never came back, and says so to whoever asks next', () => {
    const { state, reply } = ask(halfOpen({ leases: leases('a') }), 'b', later(leaseMs));

    expect(state).toMatchObject({ phase: 'open', reason: 'probe_expired', openings: 2, generation: 8 });
    expect(reply).toMatchObject({ kind: 'refused', retryAfterMs: openForMs });
  });

  it.each([
    ['until it ends', later(30_000), 30_000],
    ['for a minute where it has no end', undefined, 60_000],
  ])('is refused while it is isolated, %s', (_how, until, retryAfterMs) => {
    const state = breaker({ phase: 'isolated', ...(until !== undefined && { until }) });

    expect(ask(state, 'a')).toMatchObject({ state, reply: { kind: 'refused', retryAfterMs } });
  });

  it('lets the canary go when an isolation has ended, by two transitions', () => {
    const { state } = ask(breaker({ phase: 'isolated', until: later(100) }), 'a', later(100));

    expect(state).toMatchObject({ phase: 'half_open', reason: 'isolation_expired', generation: 9 });
  });
});

describe('a place that is kept for a job', () => {
  const keep = (state: BreakerState, token: string, at = now) => ask(state, token, at, false);

  it('holds up other jobs, and no call', () => {
    const state = halfOpen({ kept: leases('a') });

    expect(keep(state, 'b').reply.kind).toBe('refused');
    expect(ask(state, 'b').state.probes).toEqual({ ...state.probes, leases: leases('b') });
  });

  it('becomes the lease of its call when that begins', () => {
    const { state } = ask(keep(halfOpen({}), 'a').state, 'a', later(100));

    expect(state).toEqual(halfOpen({ leases: { a: later(100 + leaseMs) } }));
  });

  it('is free again after a time, and tells nothing', () => {
    const { state, reply } = machine.tidy(halfOpen({ kept: leases('a') }), openForMs, later(leaseMs));

    expect(reply).toBe('changed');
    expect(state).toEqual(halfOpen({}));
  });

  it('lets its job call later all the same', () => {
    const { state, reply } = ask(halfOpen({ kept: leases('a') }), 'a', later(leaseMs + 1_000));

    expect(reply.kind).toBe('probe');
    expect(settle(state, 'a', 'succeeded', later(leaseMs + 1_100)).state).toEqual(halfOpen({ succeeded: 1 }));
  });

  it('can be given back, and no call can be settled with it', () => {
    const state = halfOpen({ kept: leases('a') });

    expect(settle(state, 'a', 'ignored').state).toEqual(halfOpen({}));
    expect(settle(state, 'a', 'failed')).toEqual({ state, reply: 'stale' });
  });
});

describe('settle', () => {
  it('counts a success', () => {
    expect(settle(halfOpen({ leases: leases('a') }), 'a', 'succeeded')).toEqual({
      state: halfOpen({ succeeded: 1 }),
      reply: 'counted',
    });
  });

  it('closes it with the fourth success', () => {
    const { state } = settle(halfOpen({ leases: leases('d', 'e'), succeeded: 3 }), 'd', 'succeeded');

    expect(state).toEqual(breaker({ generation: 8, reason: 'probes_succeeded' }));
  });

  it.each([
    ['the canary', halfOpen({ leases: leases('a') })],
    ['a second probe', halfOpen({ leases: leases('a', 'b'), succeeded: 2, failed: 1 })],
  ])('opens it again when %s fails', (_which, before) => {
    const { state } = settle(before, 'a', 'failed');

    expect(state).toMatchObject({ phase: 'open', reason: 'probe_failed', openings: 2, until: later(openForMs) });
    expect(state.probes.leases).toEqual({});
  });

  it('forgives one failure among successes', () => {
    const { state } = settle(halfOpen({ leases: leases('a'), succeeded: 1 }), 'a', 'failed');

    expect(state).toEqual(halfOpen({ succeeded: 1, failed: 1 }));
  });

  it('gives back the place of a probe that told nothing', () => {
    expect(settle(halfOpen({ leases: leases('a') }), 'a', 'ignored').state).toEqual(halfOpen({}));
  });

  it.each([
    ['of a lease that is not there', halfOpen({ leases: leases('b') }), 7],
    ['of another generation', halfOpen({ leases: leases('a') }), 6],
    ['when it is closed by now', breaker(), 7],
    ['when it is open again', open(), 7],
  ])('changes nothing by an outcome %s', (_which, state, generation) => {
    const outcome = { token: 'a', generation, result: 'failed', openForMs } as const;

    expect(machine.settle(state, outcome, later(900_000))).toEqual({ state, reply: 'stale' });
  });

  it('takes a success that comes after its lease for the failure that it was', () => {
    const { state, reply } = settle(halfOpen({ leases: leases('a') }), 'a', 'succeeded', later(leaseMs));

    expect(reply).toBe('stale');
    expect(state).toMatchObject({ phase: 'open', reason: 'probe_expired' });
  });
});

describe('isolate and release', () => {
  const order = { by: 'ada@ops', why: 'migration' };

  it('holds it open until it is released', () => {
    const { state } = machine.isolate(open(), order, now);

    expect(state).toEqual(breaker({ phase: 'isolated', reason: 'isolated', generation: 8, ...order }));
  });

  it('holds it open for a time, and takes another order', () => {
    const first = machine.isolate(breaker(), { ...order, forMs: 1_000 }, now).state;
    const second = machine.isolate(first, { by: 'bob@ops', why: 'longer', forMs: 9_000 }, later(10)).state;

    expect(second).toMatchObject({ by: 'bob@ops', why: 'longer', until: later(9_010), generation: 9 });
  });

  it.each([open(), halfOpen({ leases: leases('a') }), breaker({ phase: 'isolated' })])(
    'releases it whatever it is: $phase',
    (before) => {
      const { state } = machine.release(before, order, now);

      expect(state).toEqual(breaker({ reason: 'released', generation: 8, ...order }));
    },
  );

  it('leaves one alone that is closed', () => {
    expect(machine.release(breaker(), order, now)).toEqual({ state: breaker(), reply: breaker() });
  });
});

describe('tidy', () => {
  it.each([
    ['a breaker that closed lately', breaker(), 599_999],
    ['an open one, which waits for whoever asks', open(), 900_000],
    ['probes under way', halfOpen({ leases: leases('a') }), leaseMs - 1],
    ['an isolation without an end', breaker({ phase: 'isolated' }), 900_000],
    ['an isolation that goes on', breaker({ phase: 'isolated', until: later(100) }), 99],
  ])('leaves %s', (_what, state, ms) => {
    expect(machine.tidy(state, openForMs, later(ms))).toEqual({ state, reply: 'unchanged' });
  });

  it('ends an isolation: the next who asks may probe', () => {
    const { state, reply } = machine.tidy(breaker({ phase: 'isolated', until: later(100) }), openForMs, later(150));

    expect(reply).toBe('changed');
    expect(state).toMatchObject({ phase: 'open', reason: 'isolation_expired', until: later(100), since: later(150) });
  });

  it('counts a lease that expired as a failure', () => {
    const before = halfOpen({ leases: leases('a'), succeeded: 2 });

    expect(machine.tidy(before, openForMs, later(leaseMs))).toEqual({
      state: halfOpen({ succeeded: 2, failed: 1 }),
      reply: 'changed',
    });
  });

  it('counts one that lies further ahead than any is given as expired too', () => {
    const before = halfOpen({ leases: { a: later(10 ** 9) } });

    expect(machine.tidy(before, openForMs, now).state.phase).toBe('open');
  });

  it('forgets what was closed for ten minutes', () => {
    expect(machine.tidy(breaker(), openForMs, later(600_000)).reply).toBe('forgotten');
  });
});

describe('one worker’s own breaker', () => {
  const local = new BreakerMachine(localRules);

  it('closes with one success, after one call at a time', () => {
    const { state } = local.ask(open(), { token: 'a', leaseMs, openForMs, begins: true }, later(openForMs));
    expect(local.ask(state, { token: 'b', leaseMs, openForMs, begins: true }, later(openForMs)).reply.kind).toBe(
      'refused',
    );

    const outcome = { token: 'a', generation: state.generation, result: 'succeeded', openForMs } as const;
    expect(local.settle(state, outcome, later(openForMs + 10)).state.phase).toBe('closed');
  });
});
