import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallGate } from '../../../src/breaker/call-gate.js';
import { DependencyTimeoutError } from '../../../src/breaker/dependency-timeout-error.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import type { CallOptions } from '../../../src/job/job-context.js';
import { classifyError } from '../../../src/retry/classify.js';
import { failedDependency } from '../../../src/retry/failed-dependency.js';
import type { Metrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { callDependency } from '../../../src/worker/dependency-call.js';
import { testGates } from '../../support/test-gates.js';

const smtp = defineDependency({ name: 'smtp', timeout: '10s' });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Calls smtp as part of a job that can be aborted; `results` is what the metric was told. */
function call<T>(fn: (signal: AbortSignal) => Promise<T> | T, options: CallOptions = {}, job = new Cancellation()) {
  const results: string[] = [];
  const metrics = {
    dependencyCall: {
      observe: (labels: { readonly dependency: string; readonly result: string }, seconds: number) => {
        results.push(`${labels.dependency} ${labels.result} ${seconds}s`);
      },
    },
    breakerCalls: { inc: () => undefined },
  } as unknown as Metrics;
  const { gates } = testGates({ metrics, elapsed: () => performance.now() });
  const verdictOf = (error: unknown) => classifyError(error, 0 as EpochMs);
  const caller = { gates, metrics, cancellation: job, passes: undefined, entered: new Set<CallGate>(), verdictOf };
  const answer = callDependency(caller, smtp, fn, options);
  answer.catch(() => undefined);
  return { answer, job, results };
}

/** A call that never ends by itself, and how its signal was aborted. */
function hanging() {
  const seen: { reason?: unknown } = {};
  const fn = (signal: AbortSignal): Promise<never> => {
    signal.addEventListener('abort', () => {
      seen.reason = signal.reason;
    });
    return new Promise(() => undefined);
  };
  return { fn, seen };
}

describe('callDependency', () => {
  it.each<[string, () => unknown]>([
    ['a value', () => 250],
    ['a promise', async () => 250],
  ])('gives what the call returned: %s', async (_what, fn) => {
    const { answer, results } = call(fn);

    expect(await answer).toBe(250);
    expect(results).toEqual(['smtp ok 0s']);
  });

  it.each<[string, (error: Error) => () => never | Promise<never>]>([
    [
      'at once',
      (error) => () => {
        throw error;
      },
    ],
    [
      'later',
      (error) => async () => {
        throw error;
      },
    ],
  ])('throws the very error that the call threw, %s', async (_when, throwing) => {
    const error = new Error('550 no such user');

    const { answer, results } = call(throwing(error));

    await expect(answer).rejects.toBe(error);
    expect(results).toEqual(['smtp error 0s']);
  });

  it('aborts a call that takes longer than the dependency allows, and does not wait for it', async () => {
    const { fn, seen } = hanging();
    const { answer, results } = call(fn);

    await vi.advanceTimersByTimeAsync(10_000);

    await expect(answer).rejects.toThrow(new DependencyTimeoutError('smtp', 10_000));
    expect(seen.reason).toBeInstanceOf(DependencyTimeoutError);
    expect(results).toEqual(['smtp timeout 10s']);
  });

  it('says that it was the timeout, whatever the call throws because of it', async () => {
    const { answer } = call(
      (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );

    await vi.advanceTimersByTimeAsync(10_000);

    await expect(answer).rejects.toBeInstanceOf(DependencyTimeoutError);
  });

  it('allows one call more or less time', async () => {
    const { fn } = hanging();
    const { answer } = call(fn, { timeout: '2s' });

    await vi.advanceTimersByTimeAsync(2_000);

    await expect(answer).rejects.toThrow('smtp did not answer within 2s');
  });

  it('allows a call as long as the job takes, when it is given longer than a timer can run', async () => {
    let ended = false;
    const { answer } = call(hanging().fn, { timeout: '30d' });
    answer.catch(() => {
      ended = true;
    });

    await vi.advanceTimersByTimeAsync(60_000);

    expect(ended).toBe(false);
  });

  it.each<[NonNullable<CallOptions['timeout']>]>([[0], ['0s'], ['0.2ms']])(
    'refuses %j, after which no call would end',
    async (timeout) => {
      const { answer, results } = call(() => 250, { timeout });

      await expect(answer).rejects.toThrow(/a call of smtp must have a timeout above zero, got/);
      expect(results).toEqual([]);
    },
  );

  it('refuses a time that is none', async () => {
    const { answer, results } = call(() => 250, { timeout: 'soon' as '1s' });

    await expect(answer).rejects.toThrow(RangeError);
    expect(results).toEqual([]);
  });

  it('ends with the job, for the reason of the job', async () => {
    const { fn, seen } = hanging();
    const { answer, job, results } = call(fn);
    const reason = new Error('shutting down');

    job.abort(reason);

    await expect(answer).rejects.toBe(reason);
    expect(seen.reason).toBe(reason);
    expect(results).toEqual(['smtp error 0s']);
  });

  it('is not made when the job was aborted before', async () => {
    const fn = vi.fn();
    const reason = new Error('shutting down');
    const job = new Cancellation();
    job.abort(reason);

    const { answer, results } = call(fn, {}, job);

    await expect(answer).rejects.toBe(reason);
    expect(fn).not.toHaveBeenCalled();
    expect(results).toEqual([]);
  });

  it('remembers that it made the job fail, in an error of its own or by its timeout', async () => {
    const error = new Error('550 no such user');
    const failed = call(() => Promise.reject(error)).answer;
    const late = call(hanging().fn).answer;

    await vi.advanceTimersByTimeAsync(10_000);

    expect(failedDependency(await failed.catch((thrown) => thrown))).toBe('smtp');
    expect(failedDependency(await late.catch((thrown) => thrown))).toBe('smtp');
  });

  it('is not to blame for the end of the job', async () => {
    const { answer, job } = call(hanging().fn);
    const reason = new Error('shutting down');

    job.abort(reason);

    await expect(answer).rejects.toBe(reason);
    expect(failedDependency(reason)).toBeUndefined();
  });

  it("does not count another dependency's timeout as its own", async () => {
    const { answer, results } = call(async () => {
      throw new DependencyTimeoutError('crm', 1_000);
    });

    await expect(answer).rejects.toThrow('crm did not answer');
    expect(results).toEqual(['smtp error 0s']);
  });

  it('is not disturbed by what a call throws after it was given up on', async () => {
    const { answer } = call(
      () => new Promise((_resolve, reject) => setTimeout(() => reject(new Error('late')), 20_000)),
    );

    await vi.advanceTimersByTimeAsync(10_000);
    await expect(answer).rejects.toBeInstanceOf(DependencyTimeoutError);

    // An unhandled rejection would fail the test run.
    await vi.advanceTimersByTimeAsync(20_000);
  });

  it.each<[string, () => Promise<unknown>, number]>([
    ['returned', async () => 250, 0],
    ['threw', () => Promise.reject(new Error('no')), 0],
    ['took too long', () => new Promise(() => undefined), 10_000],
  ])('leaves no timer and nothing for the job to abort when the call %s', async (_what, fn, ms) => {
    const calls = Array.from({ length: 20 }, () => call(fn));

    await vi.advanceTimersByTimeAsync(ms);
    const ends = await Promise.allSettled(calls.map(({ answer }) => answer));

    expect(vi.getTimerCount()).toBe(0);
    for (const { job } of calls) job.abort(new Error('too late to matter'));
    expect(await Promise.allSettled(calls.map(({ answer }) => answer))).toEqual(ends);
  });
});
