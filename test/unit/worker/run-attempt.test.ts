import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { JobExpiredError, JobTimeoutError } from '../../../src/job/abort-reasons.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineJob } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import type { JobContext } from '../../../src/job/job-context.js';
import { systemClock } from '../../../src/time/clock.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { type AttemptEnd, runAttempt } from '../../../src/worker/run-attempt.js';

type Handler = (payload: unknown, ctx: JobContext) => unknown;

const timeoutMs = 1_000;
const abortGraceMs = 200;
const queue = defineQueue({ name: 'email' });

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-03-04T05:06:07Z') });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Runs a handler; `end` is how it went. The context is no more than signal and deadline. */
function run(
  handler: Handler,
  options: { readonly cancellation?: Cancellation; readonly jobDeadlineIn?: number } = {},
) {
  const jobDeadline =
    options.jobDeadlineIn === undefined ? undefined : ((Date.now() + options.jobDeadlineIn) as EpochMs);
  const started: { deadline?: EpochMs; signal?: AbortSignal } = {};
  const cancellation = options.cancellation ?? new Cancellation();
  const abandoned: Promise<unknown>[] = [];
  const end = runAttempt({
    definition: defineJob({ kind: 'send-receipt', queue, payload: z.unknown(), timeout: timeoutMs, run: handler }),
    runs: 'run',
    payload: { orderId: '42' },
    jobDeadline,
    cancellation,
    abortGraceMs,
    clock: systemClock,
    span: undefined,
    onAbandoned: (ended) => abandoned.push(ended),
    createContext: (deadline) => {
      const { signal } = cancellation;
      Object.assign(started, { signal, deadline });
      return { signal, deadline } as JobContext;
    },
  });
  return { end, started, abandoned };
}

function calledOff(reason: Error): Cancellation {
  const cancellation = new Cancellation();
  cancellation.abort(reason);
  return cancellation;
}

/** A handler that does what it is told to, as soon as its signal is aborted. */
function onAbort(react: (reason: unknown) => unknown): Handler {
  return (_payload, { signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        try {
          resolve(react(signal.reason));
        } catch (error) {
          reject(error);
        }
      });
    });
}

const ignoring: Handler = () => new Promise(() => undefined);

describe('runAttempt', () => {
  it.each<[string, Handler, AttemptEnd]>([
    ['a value', () => 7, { kind: 'returned', value: 7 }],
    ['a promise', async () => 7, { kind: 'returned', value: 7 }],
    ['nothing', () => undefined, { kind: 'returned', value: undefined }],
  ])('gives what the handler returned: %s', async (_what, handler, expected) => {
    expect(await run(handler).end).toEqual(expected);
  });

  it.each<[string, Handler]>([
    [
      'at once',
      () => {
        throw new TypeError('no route');
      },
    ],
    [
      'later',
      async () => {
        throw new TypeError('no route');
      },
    ],
  ])('gives what the handler threw, %s', async (_when, handler) => {
    expect(await run(handler).end).toEqual({ kind: 'threw', error: new TypeError('no route') });
  });

  it('gives what the handler threw also when that is nothing', async () => {
    expect(await run(() => Promise.reject(undefined)).end).toEqual({ kind: 'threw', error: undefined });
  });

  it('hands over the payload, a signal and the moment at which it will be aborted', async () => {
    const handler = vi.fn<Handler>(() => undefined);

    const { end, started } = run(handler);
    await end;

    expect(handler.mock.calls[0]?.[0]).toEqual({ orderId: '42' });
    expect(started.deadline).toBe(Date.now() + timeoutMs);
    expect(started.signal?.aborted).toBe(false);
  });

  it('aborts a handler that takes too long', async () => {
    const { end } = run(
      onAbort((reason) => {
        throw reason;
      }),
    );

    await vi.advanceTimersByTimeAsync(timeoutMs);

    expect(await end).toEqual({
      kind: 'aborted',
      reason: new JobTimeoutError('send-receipt', timeoutMs),
      abandoned: false,
    });
  });

  it('takes the reason of the abort, whatever the handler throws because of it', async () => {
    const { end } = run(
      onAbort(() => {
        throw new Error('The operation was aborted');
      }),
    );

    await vi.advanceTimersByTimeAsync(timeoutMs);

    expect(await end).toMatchObject({ kind: 'aborted', reason: { name: 'JobTimeoutError' } });
  });

  it('counts the work of a handler that returns although it was aborted', async () => {
    const { end } = run(onAbort(() => 'just made it'));

    await vi.advanceTimersByTimeAsync(timeoutMs);

    expect(await end).toEqual({ kind: 'returned', value: 'just made it' });
  });

  it('gives up on a handler that does not react within the grace', async () => {
    const { end } = run(ignoring);
    let ended = false;
    void end.then(() => {
      ended = true;
    });

    await vi.advanceTimersByTimeAsync(timeoutMs + abortGraceMs - 1);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);

    expect(await end).toMatchObject({ kind: 'aborted', reason: { name: 'JobTimeoutError' }, abandoned: true });
  });

  it('tells of a handler that it gives up on, and when that ends after all', async () => {
    const { end, abandoned } = run(
      () => new Promise((resolve) => setTimeout(resolve, timeoutMs + 2 * abortGraceMs, 'late')),
    );
    await vi.advanceTimersByTimeAsync(timeoutMs + abortGraceMs);
    await end;

    expect(abandoned).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(abortGraceMs);
    expect(await abandoned[0]).toBe('late');
  });

  it('tells of no handler that reacts in time', async () => {
    const { end, abandoned } = run(onAbort(() => 'just made it'));
    await vi.advanceTimersByTimeAsync(timeoutMs + abortGraceMs);
    await end;

    expect(abandoned).toEqual([]);
  });

  it('gives up on nobody when it is called off after its handler has ended', async () => {
    const cancellation = new Cancellation();
    const { end, abandoned } = run(() => 'done', { cancellation });
    await end;

    cancellation.abort(new Error('too late'));
    await vi.advanceTimersByTimeAsync(abortGraceMs + 1);

    expect(abandoned).toEqual([]);
  });

  it('is not disturbed by what an abandoned handler throws later', async () => {
    const { end } = run(
      () =>
        new Promise((_resolve, reject) => setTimeout(() => reject(new Error('late')), timeoutMs + 2 * abortGraceMs)),
    );

    await vi.advanceTimersByTimeAsync(timeoutMs + abortGraceMs);
    expect(await end).toMatchObject({ abandoned: true });

    // An unhandled rejection would fail the test run.
    await vi.advanceTimersByTimeAsync(timeoutMs);
  });

  it('aborts at the deadline of the job when that is sooner than the timeout', async () => {
    const { end, started } = run(
      onAbort((reason) => {
        throw reason;
      }),
      { jobDeadlineIn: 300 },
    );
    const deadline = started.deadline;

    await vi.advanceTimersByTimeAsync(300);

    expect(deadline).toBe(Date.now());
    const { reason } = (await end) as Extract<AttemptEnd, { kind: 'aborted' }>;
    expect(reason).toBeInstanceOf(JobExpiredError);
    expect(reason.message).toContain('2026-03-04T05:06:07.300Z');
  });

  it('keeps to the timeout when the deadline of the job is later', async () => {
    const { end } = run(
      onAbort((reason) => {
        throw reason;
      }),
      { jobDeadlineIn: timeoutMs + 1 },
    );

    await vi.advanceTimersByTimeAsync(timeoutMs);

    expect(await end).toMatchObject({ reason: { name: 'JobTimeoutError' } });
  });

  it('aborts with the reason from outside', async () => {
    const cancellation = new Cancellation();
    const reasons: unknown[] = [];
    const reason = new Error('shutting down');
    const { end } = run(
      onAbort((seen) => {
        reasons.push(seen);
        throw seen;
      }),
      { cancellation },
    );

    cancellation.abort(reason);

    expect(await end).toEqual({ kind: 'aborted', reason, abandoned: false });
    expect(reasons).toEqual([reason]);
  });

  it('gives up on a handler that does not react to an abort from outside', async () => {
    const cancellation = new Cancellation();
    const { end } = run(ignoring, { cancellation });

    cancellation.abort(new Error('shutting down'));
    await vi.advanceTimersByTimeAsync(abortGraceMs);

    expect(await end).toMatchObject({ kind: 'aborted', abandoned: true });
  });

  it('does not start the handler when it was aborted before', async () => {
    const reason = new Error('shutting down');
    const handler = vi.fn<Handler>();

    const { end } = run(handler, { cancellation: calledOff(reason) });

    expect(await end).toEqual({ kind: 'aborted', reason, abandoned: false });
    expect(handler).not.toHaveBeenCalled();
  });

  it.each<[string, Handler, number]>([
    ['returned', () => 7, 0],
    [
      'threw',
      () => {
        throw new Error('no route');
      },
      0,
    ],
    ['reacted to its abort', onAbort(() => 7), timeoutMs],
    ['was given up on', ignoring, timeoutMs + abortGraceMs],
  ])('leaves no timer behind when the handler %s', async (_what, handler, ms) => {
    const { end } = run(handler);
    await vi.advanceTimersByTimeAsync(ms);
    await end;

    expect(vi.getTimerCount()).toBe(0);
  });
});
