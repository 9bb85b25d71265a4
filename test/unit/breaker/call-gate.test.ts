import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/breaker/admission.js';
import { rationHeadroom } from '../../../src/breaker/breaker-policy.js';
import type { CallGate } from '../../../src/breaker/call-gate.js';
import type { Entry, Pass } from '../../../src/breaker/entrance.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { classifyError } from '../../../src/retry/classify.js';
import { BusinessError, PermanentError, ThrottledError, TransientError } from '../../../src/retry/errors.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { testGates } from '../../support/test-gates.js';

const smtp = defineDependency({ name: 'smtp', timeout: '1s', slow: '100ms' });
const crm = defineDependency({ name: 'crm', timeout: '1s' });
const fine = async () => 'fine';
const failing = (error: unknown) => () => Promise.reject(error);
const down = failing(new TransientError('no route'));

/** Makes a call, and says what came of it. */
function call(gate: CallGate, fn: () => Promise<unknown>, pass?: Pass, cancellation = new Cancellation()) {
  const verdictOf = (error: unknown) => classifyError(error, 0 as EpochMs);
  return gate.call({ fn, timeoutMs: 1_000, cancellation, verdictOf, pass }).catch((error: unknown) => error);
}

async function passOf(entry: Entry | Promise<Entry>): Promise<Pass> {
  const entered = await entry;
  if (entered.kind === 'refused') throw new Error('expected a pass, got a refusal');
  return entered.pass;
}

describe('what a gate tells the fleet', () => {
  it.each<[string, () => Promise<unknown>, object | undefined]>([
    ['a success', fine, { succeeded: 1, failed: 0, failedInARow: 0 }],
    ['a failure of the world', down, { succeeded: 0, failed: 1, failedInARow: 1 }],
    [
      'that it asked for later, and how much later',
      failing(new ThrottledError('slow down', { retryAfter: '7s' })),
      { failed: 1, retryAfterMs: 7_000 },
    ],
    ['nothing of an expected no', failing(new BusinessError('card declined')), undefined],
    ['nothing of a call that cannot succeed', failing(new PermanentError('no such user')), undefined],
    ['nothing of what a handler throws that is no error', failing(new BusinessError('')), undefined],
  ])('is %s', async (_what, fn, told) => {
    const { gates } = testGates();
    const gate = gates.of(smtp);

    await call(gate, fn);

    const evidence = gate.takeEvidence();
    if (told === undefined) expect(evidence).toBeUndefined();
    else expect(evidence).toMatchObject({ breaker: 'smtp', generation: 0, slow: 0, ...told });
    expect(gate.takeEvidence()).toBeUndefined();
  });

  it('is that its own breaker has opened, and again with each probe of that which fails', async () => {
    const { gates, clock } = testGates();
    const gate = gates.of(smtp);
    for (let tries = 0; tries < 8; tries++) await call(gate, down);
    const first = gate.takeEvidence();
    clock.time += 3_000;
    await call(gate, down, await passOf(gate.enter()));
    const second = gate.takeEvidence();
    clock.time += 6_000;
    await call(gate, fine, await passOf(gate.enter()));

    expect(first).toMatchObject({ failed: 8, opened: 'failure_rate' });
    expect(second).toMatchObject({ failed: 1, succeeded: 0, opened: 'failure_rate' });
    expect(gate.takeEvidence()).toMatchObject({ failed: 0, succeeded: 1 });
    expect(gate.takeEvidence()).toBeUndefined();
  });

  it('is nothing of a call that ended with its job', async () => {
    const { gates } = testGates();
    const job = new Cancellation();
    const gate = gates.of(smtp);
    const reason = new Error('shutting down');
    const answer = call(gate, () => new Promise(() => undefined), undefined, job);

    job.abort(reason);

    expect(await answer).toBe(reason);
    expect(gate.takeEvidence()).toBeUndefined();
  });

  it('is how many were slow, whatever came of them', async () => {
    const { gates, clock } = testGates();
    const gate = gates.of(smtp);
    const slowly = (fn: () => Promise<unknown>) => async () => {
      clock.time += 101;
      return fn();
    };

    for (const fn of [slowly(fine), slowly(down), fine]) await call(gate, fn);

    expect(gate.takeEvidence()).toMatchObject({ succeeded: 2, failed: 1, slow: 2, failedInARow: 0 });
  });

  it('is nothing of calls that began before the fleet decided', async () => {
    const { gates, fleet, sync } = testGates();
    const gate = gates.of(smtp);
    let answerNow: (answer: string) => void = () => undefined;
    const early = call(gate, () => new Promise((resolve) => (answerNow = resolve)));
    await call(gate, down);
    fleet.trip('smtp');
    sync();

    answerNow('late');
    await early;

    expect(gate.takeEvidence()).toBeUndefined();
  });

  it('carries for how long the dependency wants its breaker to open', async () => {
    const { gates } = testGates();
    const gate = gates.of(defineDependency({ name: 'slow', breaker: { openFor: '30s', openAtMost: '2m' } }));

    await call(gate, fine);

    expect(gate.takeEvidence()).toMatchObject({ openForMs: 30_000, openAtMostMs: 120_000 });
  });
});

describe('a gate of a dependency without a breaker', () => {
  it('makes every call, and tells nobody', async () => {
    const { gates, fleet, sync } = testGates();
    const gate = gates.of(defineDependency({ name: 'free', breaker: false }));
    fleet.trip('free');
    sync();

    for (let tries = 0; tries < 20; tries++) await call(gate, down);

    expect(gate.isFree && gate.door().kind).toBe('free');
    expect(gate.takeEvidence()).toBeUndefined();
  });
});

describe('a half-open breaker of the fleet', () => {
  it('is closed by four probes, of which the first goes alone and then five at once', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(smtp);
    fleet.trip('smtp', { openForMs: 2_000 });
    sync();
    clock.time += 2_000;

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
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(smtp);
    fleet.trip('smtp', { openForMs: 0 });
    sync();
    clock.time += 1;

    for (let probes = 0; probes < 4; probes++) await call(gate, fn, await passOf(gate.enter()));

    expect(fleet.state('smtp')).toMatchObject({ phase: 'closed', reason: 'probes_succeeded' });
  });

  it('learns nothing from a probe that ended with its job', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(smtp);
    fleet.trip('smtp', { openForMs: 0 });
    sync();
    clock.time += 1;
    const job = new Cancellation();
    const answer = call(gate, () => new Promise(() => undefined), await passOf(gate.enter()), job);

    job.abort(new Error('shutting down'));
    await answer;

    expect(fleet.settled).toEqual(['smtp ignored']);
  });

  it('is opened again by its canary, for twice as long', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(smtp);
    fleet.trip('smtp', { openForMs: 2_000 });
    sync();
    clock.time += 2_000;

    await call(gate, down, await passOf(gate.enter()));
    sync();

    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'fleet', forMs: 4_000, state: { openings: 2 } });
  });

  it('opens for as long as the dependency asked its probe to stay away', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(smtp);
    fleet.trip('smtp', { openForMs: 0 });
    sync();
    clock.time += 1;

    await call(gate, failing(new ThrottledError('later', { retryAfter: '2m' })), await passOf(gate.enter()));
    sync();

    expect(gate.door()).toMatchObject({ kind: 'shut', forMs: 120_000 });
  });
});

describe('a job that was admitted as a probe', () => {
  const slow = defineDependency({ name: 'slow', timeout: '1s' });

  it('makes its call however much later that is, and tells what came of it', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(slow);
    fleet.trip('slow', { openForMs: 0 });
    sync();
    clock.time += 1;
    const pass = await passOf(gate.admit());

    clock.time += 60_000;
    await gate.admit();
    if (pass.kind !== 'probe') throw new Error('expected a probe');
    await call(gate, fine, await passOf(gate.begin(pass, 1_000)));

    expect(fleet.state('slow')).toMatchObject({ phase: 'half_open', probes: { succeeded: 1, failed: 0 } });
  });

  it('makes a call that takes longer than others in the time of its own', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(slow);
    fleet.trip('slow', { openForMs: 0 });
    sync();
    clock.time += 1;

    const long = async () => {
      clock.time += 50_000;
    };
    await call(gate, long, await passOf(gate.enter(60_000)));

    expect(fleet.state('slow')).toMatchObject({ phase: 'half_open', probes: { succeeded: 1 } });
  });

  it('makes its call also as a probe of the worker’s own breaker', async () => {
    const { gates, clock } = testGates();
    const gate = gates.of(slow);
    for (let tries = 0; tries < 8; tries++) await call(gate, down);
    clock.time += 3_000;
    const pass = await passOf(gate.admit());

    clock.time += 60_000;
    if (pass.kind !== 'probe') throw new Error('expected a probe');
    await call(gate, fine, await passOf(gate.begin(pass, 1_000)));

    expect(gate.door().kind).toBe('rationed');
  });

  it('keeps to what the dependency asked of a probe of the worker’s own breaker', async () => {
    const { gates, clock } = testGates();
    const gate = gates.of(slow);
    for (let tries = 0; tries < 8; tries++) await call(gate, down);
    clock.time += 3_000;

    await call(gate, failing(new ThrottledError('later', { retryAfter: '2m' })), await passOf(gate.enter()));

    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'worker', forMs: 120_000 });
  });

  it('makes none when the breaker has opened meanwhile', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(slow);
    fleet.trip('slow', { openForMs: 0 });
    sync();
    clock.time += 1;
    const pass = await passOf(gate.admit());

    fleet.isolate('slow');
    if (pass.kind !== 'probe') throw new Error('expected a probe');
    expect(await gate.begin(pass, 1_000)).toMatchObject({ kind: 'refused', refusal: { state: { phase: 'isolated' } } });
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
    for (let tries = 0; tries < 8; tries++) await call(gate, down);
    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'worker' });

    fleet.isReachable = true;
    expect(gate.door()).toMatchObject({ kind: 'probe', by: 'fleet' });
  });
});

describe('a gate without a breaker', () => {
  const plain = defineDependency({ name: 'plain', timeout: '1s', breaker: false });

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

describe('a gate whose breaker has just closed', () => {
  /** It was called four hundred times a second by two workers, and closed so long ago. */
  function ramping(closedForMs: number) {
    const test = testGates();
    const gate = test.gates.of(smtp);
    test.fleet.trip('smtp', { callsPerSecond: 400, callers: 2 });
    test.fleet.release('smtp');
    test.sync();
    test.clock.time += closedForMs;
    return { ...test, gate };
  }

  it('takes the calls that all workers share, several at once, and uses them up', async () => {
    const { gate, fleet } = ramping(20_000);
    fleet.share = { given: 3, inMs: 0 };

    for (let call = 0; call < 3; call++) expect((await gate.enter()).kind).toBe('pass');
    expect(fleet.rationed).toEqual([[800 / rationHeadroom, 7]]);
    await gate.enter();
    expect(fleet.rationed).toHaveLength(2);
  });

  it('keeps calls that it has taken for a moment only', async () => {
    const { gate, fleet, clock } = ramping(20_000);
    fleet.share = { given: 3, inMs: 0 };
    await gate.enter();

    clock.time += 100;
    await gate.enter();

    expect(fleet.rationed).toHaveLength(2);
  });

  it('sends jobs away for which there is none', async () => {
    const { gate, fleet } = ramping(0);
    fleet.share = { given: 0, inMs: 40 };

    expect(await gate.enter()).toMatchObject({ kind: 'refused', refusal: { by: 'worker', retryAfterMs: 40 } });
    expect(fleet.rationed).toEqual([[80 / rationHeadroom, 1]]);
  });

  it.each([
    ['the fleet', true],
    ['its own share', false],
  ])(
    'goes on to share after a minute where %s has just turned calls away, and not for ever',
    async (_what, reachable) => {
      const { gate, fleet, clock } = ramping(59_000);
      fleet.isReachable = reachable;
      fleet.share = { given: 0, inMs: 40 };
      for (let calls = 0; calls < 1_000; calls++) if ((await gate.enter()).kind === 'refused') break;

      clock.time += 5_000;
      expect(gate.door()).toMatchObject({ kind: 'rationed', perSecond: 400 });
      clock.time += 10_000;
      expect(gate.door().kind).toBe('free');
    },
  );

  it('waits for its turn, and is not called when it opened meanwhile', async () => {
    const { gate, fleet, sync } = ramping(0);
    fleet.share = { given: 1, inMs: 20 };

    const entering = gate.enter();
    fleet.isolate('smtp');
    sync();

    expect(await entering).toMatchObject({ kind: 'refused', refusal: { by: 'fleet' } });
  });

  it('has a share of its own when the fleet does not answer', async () => {
    const { gate } = ramping(0);

    let passed = 0;
    while ((await gate.enter()).kind === 'pass') passed += 1;

    // Of forty a second those of a tenth of it that were saved up, and those of another tenth that wait for their turn.
    expect(passed).toBeGreaterThanOrEqual(6);
    expect(passed).toBeLessThanOrEqual(8);
  });
});

describe('admit', () => {
  it('needs no promise where everything is free', () => {
    const { gates } = testGates();

    expect(admit(gates, [])).toBeUndefined();
    expect(admit(gates, [smtp, crm])).toBeUndefined();
  });

  it('gives back what one breaker allowed when another refuses', async () => {
    const { gates, fleet, sync, clock } = testGates();
    for (const dependency of [smtp, crm]) gates.of(dependency);
    fleet.trip('smtp', { openForMs: 0 });
    fleet.trip('crm', { openForMs: 60_000 });
    sync();
    clock.time += 1;

    const admission = await admit(gates, [smtp, crm]);

    expect(admission).toMatchObject({ kind: 'refused', refusal: { breaker: 'crm', by: 'fleet' } });
    expect(fleet.settled).toEqual(['smtp ignored']);
  });

  it('gives a job one pass for each breaker, for its first call', async () => {
    const { gates, fleet, sync, clock } = testGates();
    const gate = gates.of(smtp);
    fleet.trip('smtp', { openForMs: 0 });
    sync();
    clock.time += 1;

    const admission = await admit(gates, [smtp, crm]);

    if (admission?.kind !== 'admitted') throw new Error('expected it to be admitted');
    expect(admission.passes.take(gate)).toMatchObject({ kind: 'probe', by: 'fleet' });
    expect(admission.passes.take(gate)).toBeUndefined();
    admission.passes.giveBack();
    expect(fleet.settled).toEqual([]);
  });

  it('gives back a pass that the job did not use', async () => {
    const { gates, fleet, sync, clock } = testGates();
    gates.of(smtp);
    fleet.trip('smtp', { openForMs: 0 });
    sync();
    clock.time += 1;

    const admission = await admit(gates, [smtp]);
    if (admission?.kind !== 'admitted') throw new Error('expected it to be admitted');
    admission.passes.giveBack();

    expect(fleet.settled).toEqual(['smtp ignored']);
  });
});
