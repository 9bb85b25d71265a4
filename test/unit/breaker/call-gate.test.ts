import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { BusinessError, PermanentError, ThrottledError } from '../../../src/retry/errors.js';
import { testGates } from '../../support/test-gates.js';
import { call, down, failing, failUntilOpen, fine, halfOpenGate, passOf, smtp } from './gate-calls.js';

describe('a half-open breaker of the fleet', () => {
  it('is closed by four probes, of which the first goes alone and then five at once', async () => {
    const { gate, fleet, sync, clock } = halfOpenGate(smtp, 2_000);

    const canary = await passOf(gate.enter());
    expect(await gate.enter()).toMatchObject({ kind: 'refused', refusal: { by: 'fleet', retryAfterMs: 1_000 } });
    expect(gate.door()).toMatchObject({ kind: 'shut', forMs: 1_000 });
    await call(gate, fine, canary);
    clock.time += 1_000;
    const passes = await Promise.all([1, 2, 3, 4].map(() => passOf(gate.enter())));
    expect((await gate.enter()).kind).toBe('refused');
    for (const pass of passes.slice(0, 3)) await call(gate, fine, pass);

    expect(fleet.state('smtp')).toMatchObject({ phase: 'closed', reason: 'probes_succeeded' });
    // Until it hears of it, the worker asks, and is told that it is closed.
    clock.time += 1_000;
    expect(await gate.enter()).toEqual({ kind: 'pass', pass: { kind: 'free' } });
    sync();
    expect(gate.door().kind).toBe('rationed');
  });

  it.each([
    ['an expected no', failing(new BusinessError('card declined'))],
    ['that the call cannot succeed', failing(new PermanentError('no such user'))],
  ])('is closed by a dependency that answers %s', async (_what, fn) => {
    const { gate, fleet } = halfOpenGate();

    for (let probes = 0; probes < 4; probes++) await call(gate, fn, await passOf(gate.enter()));

    expect(fleet.state('smtp')).toMatchObject({ phase: 'closed', reason: 'probes_succeeded' });
  });

  it('learns nothing from a probe that ended with its job', async () => {
    const { gate, fleet } = halfOpenGate();
    const job = new Cancellation();
    const answer = call(gate, () => new Promise(() => undefined), await passOf(gate.enter()), job);

    job.abort(new Error('shutting down'));
    await answer;

    expect(fleet.settled).toEqual(['smtp ignored']);
  });

  it('is opened again by its canary, for twice as long', async () => {
    const { gate, sync } = halfOpenGate(smtp, 2_000);

    await call(gate, down, await passOf(gate.enter()));
    sync();

    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'fleet', forMs: 4_000, state: { openings: 2 } });
  });

  it('opens for as long as the dependency asked its probe to stay away', async () => {
    const { gate, sync } = halfOpenGate();

    await call(gate, failing(new ThrottledError('later', { retryAfter: '2m' })), await passOf(gate.enter()));
    sync();

    expect(gate.door()).toMatchObject({ kind: 'shut', forMs: 120_000 });
  });
});

describe('a gate that cannot reach the fleet', () => {
  it('takes over what the fleet left open, and closes it by itself', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(smtp);
    fleet.trip('smtp', { openForMs: 2_000 });
    sync();
    fleet.isReachable = false;

    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'fleet' });
    clock.time += 2_000;
    await call(gate, down, await passOf(gate.enter()));
    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'worker', forMs: 4_000 });
    clock.time += 4_000;
    await call(gate, fine, await passOf(gate.enter()));

    expect(gate.door().kind).toBe('rationed');
    expect(fleet.settled).toEqual([]);
    clock.time += 60_000;
    await failUntilOpen(gate);
    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'worker' });

    fleet.isReachable = true;
    expect(gate.door()).toMatchObject({ kind: 'probe', by: 'fleet' });
  });
});

describe('a gate without a breaker', () => {
  const plain = defineDependency({ name: 'plain', timeout: '1s', breaker: false });

  it('makes every call, and tells nobody', async () => {
    const { gates, fleet, sync } = testGates();
    const gate = gates.of(plain);
    fleet.trip('plain');
    sync();

    for (let tries = 0; tries < 20; tries++) await call(gate, down);

    expect(gate.isFree && gate.door().kind).toBe('free');
    expect(gate.takeEvidence()).toBeUndefined();
  });

  it('is shut while an operator isolates it, and its keys with it', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const [gate, keyed] = [gates.of(plain), gates.of(plain, 'eu')];
    fleet.isolate('plain', 5_000);
    sync();

    expect([gate.isFree, keyed.isFree]).toEqual([false, false]);
    for (const each of [gate, keyed])
      expect(await each.enter()).toMatchObject({ kind: 'refused', refusal: { by: 'fleet', retryAfterMs: 5_000 } });

    clock.time += 5_000;
    expect([gate.door().kind, keyed.door().kind]).toEqual(['free', 'free']);
  });

  it('is free when it is released, and is not opened by anything else', async () => {
    const { gates, fleet, sync } = testGates();
    const gate = gates.of(plain);
    fleet.isolate('plain');
    sync();
    fleet.release('plain');
    sync();

    expect(gate.door().kind).toBe('free');
    fleet.trip('plain');
    sync();
    expect(gate.door().kind).toBe('free');
  });
});
