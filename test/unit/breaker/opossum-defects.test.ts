import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BreakerOpenError, DependencyBusyError } from '../../../src/breaker/breaker-errors.js';
import type { CallGate } from '../../../src/breaker/call-gate.js';
import { DependencyTimeoutError } from '../../../src/breaker/dependency-timeout-error.js';
import type { Entry, Pass } from '../../../src/breaker/entrance.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { type DependencyOptions, defineDependency } from '../../../src/job/define-dependency.js';
import { classifyError } from '../../../src/retry/classify.js';
import { BusinessError, TransientError } from '../../../src/retry/errors.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { callDependency } from '../../../src/worker/dependency-call.js';
import { testGates } from '../../support/test-gates.js';

/** Nine ways in which opossum surprises its users, each shown here not to be one of ours. The letters are those of our notes. */

const down = new TransientError('no route');
const failing = () => Promise.reject(down);
const fine = async () => 'fine';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function smtpGate(options: Partial<DependencyOptions> = {}) {
  const smtp = defineDependency({ name: 'smtp', timeout: '1s', ...options });
  const world = testGates();
  const gate = world.gates.of(smtp);
  const caller = {
    gates: world.gates,
    metrics: world.metrics,
    cancellation: new Cancellation(),
    passes: undefined,
    entered: new Set<CallGate>(),
    verdictOf: (error: unknown) => classifyError(error, 0 as EpochMs),
  };
  /** Calls smtp, and is not surprised when that fails. */
  const call = <T>(fn: (signal: AbortSignal) => Promise<T>, pass?: Pass) => {
    const answer =
      pass === undefined
        ? callDependency(caller, smtp, fn, {})
        : gate.call({ fn, pass, timeoutMs: smtp.timeoutMs, ...caller });
    answer.catch(() => undefined);
    return answer;
  };
  return {
    ...world,
    gate,
    call,
    /** Fails until the worker's own breaker opens. */
    open: async () => {
      for (let tries = 0; tries < 8; tries++) await call(failing).catch(() => undefined);
    },
    /** Lets time pass for timers and clock alike. */
    elapse: async (ms: number) => {
      world.clock.time += ms;
      await vi.advanceTimersByTimeAsync(ms);
    },
  };
}

async function passOf(entry: Entry | Promise<Entry>): Promise<Pass> {
  const entered = await entry;
  if (entered.kind === 'refused') throw new Error('expected a pass, got a refusal');
  return entered.pass;
}

const doorOf = (gate: CallGate) => gate.door().kind;

describe('a gate', () => {
  it('(a) stays open for its whole time, counted from when it opened, here and in a worker that starts meanwhile', async () => {
    const { gate, open, elapse } = smtpGate();
    await elapse(60_000);
    await open();

    await elapse(1_900);
    expect(gate.door()).toMatchObject({ kind: 'shut', by: 'worker', forMs: 100 });
    await elapse(100);
    expect(doorOf(gate)).toBe('probe');

    const late = testGates();
    late.fleet.trip('smtp', { openForMs: 2_000 });
    late.clock.time += 1_500;
    late.sync();
    expect(late.gates.of(gate.dependency).door()).toMatchObject({ kind: 'shut', by: 'fleet', forMs: 500 });
  });

  it('(b) is not closed by the success of a call that began before it opened', async () => {
    const { gate, call, open, elapse } = smtpGate({ timeout: '1m' });
    let answerNow: (answer: string) => void = () => undefined;
    const early = call(() => new Promise<string>((resolve) => (answerNow = resolve)));
    await open();
    await elapse(2_000);
    const pass = await passOf(gate.enter());
    expect(doorOf(gate)).toBe('shut');

    answerNow('after all');

    expect(await early).toBe('after all');
    expect(doorOf(gate)).toBe('shut');
    await call(failing, pass).catch(() => undefined);
    expect(gate.door()).toMatchObject({ kind: 'shut', state: { phase: 'open', reason: 'probe_failed' } });
  });

  it('(c) is not held half-open by a probe that never ends, nor by one that was never made', async () => {
    const { gate, call, open, elapse } = smtpGate();
    await open();
    await elapse(2_000);
    const hanging = call(() => new Promise<never>(() => undefined), await passOf(gate.enter()));

    await elapse(1_000);
    await expect(hanging).rejects.toBeInstanceOf(DependencyTimeoutError);
    expect(gate.door()).toMatchObject({ kind: 'shut', state: { phase: 'open' } });

    await elapse(4_000);
    await passOf(gate.enter());
    expect(doorOf(gate)).toBe('shut');
    await elapse(5_000);
    // The lease is over, which was a failure; when the time that follows is over it is probed again.
    expect((await gate.enter()).kind).toBe('refused');
    await elapse(10_000);
    expect(await call(fine, await passOf(gate.enter()))).toBe('fine');
    expect(['free', 'rationed']).toContain(doorOf(gate));
  });

  it('(d) is not closed by an error that says nothing of the dependency', async () => {
    const { gate, call, open, elapse, fleet, sync } = smtpGate();
    const refused = new DependencyBusyError('crm', 1, 1_000);
    await open();
    await elapse(2_000);

    await expect(call(() => Promise.reject(refused), await passOf(gate.enter()))).rejects.toBe(refused);

    expect(doorOf(gate)).toBe('probe');

    fleet.trip('smtp');
    sync();
    await elapse(2_000);
    await call(() => Promise.reject(refused), await passOf(gate.enter())).catch(() => undefined);
    expect(fleet.settled).toEqual(['smtp ignored']);
    expect(fleet.state('smtp')).toMatchObject({ phase: 'half_open', probes: { leases: {}, succeeded: 0, failed: 0 } });
    // An expected no shows that the dependency answers: it is one success of four, and closes nothing alone.
    const no = new BusinessError('card declined');
    await call(() => Promise.reject(no), await passOf(gate.enter())).catch(() => undefined);
    expect(fleet.state('smtp')).toMatchObject({ phase: 'half_open', probes: { leases: {}, succeeded: 1, failed: 0 } });
  });

  it('(e) ends one call that takes too long, and no other', async () => {
    const { call, elapse } = smtpGate();
    const signals: AbortSignal[] = [];
    const hang = (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    };
    const first = call(hang);
    await elapse(600);
    const second = call(hang);

    await elapse(400);

    await expect(first).rejects.toBeInstanceOf(DependencyTimeoutError);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await elapse(600);
    await expect(second).rejects.toBeInstanceOf(DependencyTimeoutError);
  });

  it('(f) counts no call that its capacity refused', async () => {
    const { gate, call, counted } = smtpGate({ capacity: 1 });
    let answerNow: (answer: string) => void = () => undefined;
    const first = call(() => new Promise<string>((resolve) => (answerNow = resolve)));

    for (let tries = 0; tries < 50; tries++) await expect(call(fine)).rejects.toBeInstanceOf(DependencyBusyError);

    expect(doorOf(gate)).toBe('free');
    expect(counted.size).toBe(0);
    answerNow('done');
    await first;
    expect(await call(fine)).toBe('fine');
    expect(gate.takeEvidence()).toMatchObject({ succeeded: 2, failed: 0 });
  });

  it('(g) makes the next call after one that was rejected', async () => {
    const { call } = smtpGate();
    const fn = vi.fn<() => Promise<string>>(fine).mockRejectedValueOnce(down);

    await expect(call(fn)).rejects.toBe(down);

    expect(await call(fn)).toBe('fine');
    expect(await call(fn)).toBe('fine');
    expect(fn).toHaveBeenCalledTimes(3);
  });

  it('(h) makes every call, and answers with what that one returned', async () => {
    const { call } = smtpGate();
    let calls = 0;
    const count = async () => ++calls;

    expect(await Promise.all([call(count), call(count), call(count)])).toEqual([1, 2, 3]);
  });

  it('(i) does not open because of a first failure, nor of the second', async () => {
    const { gate, call } = smtpGate();

    await call(failing).catch(() => undefined);
    await call(failing).catch(() => undefined);

    expect(doorOf(gate)).toBe('free');
    expect(await call(fine)).toBe('fine');
  });

  it('opens, for the comparison, when failures leave no doubt', async () => {
    const { gate, call, open, turned } = smtpGate();
    const fn = vi.fn(fine);

    await open();

    expect(doorOf(gate)).toBe('shut');
    expect(turned).toEqual(['smtp shut']);
    await expect(call(fn)).rejects.toBeInstanceOf(BreakerOpenError);
    expect(fn).not.toHaveBeenCalled();
  });
});
