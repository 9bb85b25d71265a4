import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { BusinessError, PermanentError, ThrottledError } from '../../../src/retry/errors.js';
import { testGates } from '../../support/test-gates.js';
import { call, down, failing, failUntilOpen, fine, passOf, smtp } from './gate-calls.js';

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
    await failUntilOpen(gate);
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
