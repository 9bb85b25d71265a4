import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Claim } from '../../../src/idempotency/claim.js';
import { DrainTimeoutError, JobCancelledError } from '../../../src/job/abort-reasons.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { defineJob, type JobOptions } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import type { ErrorVerdict } from '../../../src/job/error-verdict.js';
import { LeaseLostError } from '../../../src/job/lease-lost-error.js';
import type { Outcome } from '../../../src/job/outcome.js';
import { BusinessError, PermanentError, ThrottledError } from '../../../src/retry/errors.js';
import type { StartDecision } from '../../../src/shedding/decide-admission.js';
import type { Clock } from '../../../src/time/clock.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import type { HungHandler } from '../../../src/worker/hung-handlers.js';
import type { RetryAdmission } from '../../../src/worker/retry-admission.js';
import { testExecutor } from '../../support/test-executor.js';
import { recordingLog } from '../service/recording-log.js';
import { fetchedJob, momentIn, now, standingClock } from './fetched-job.js';

const order = z.object({ orderId: z.string() });
type Options = JobOptions<typeof order, unknown>;

interface Execution {
  readonly job?: Partial<FetchedJob>;
  readonly cancellation?: Cancellation;
  readonly clock?: Clock;
  readonly retries?: Pick<RetryAdmission, 'admit'>;
  readonly shed?: StartDecision;
  /** What the ledger answers to a job that was written without an identity. */
  readonly claim?: Claim;
}

/** Executes one job of a kind with the given handler and policy. */
async function execute(run: Options['run'], options: Partial<Options> = {}, execution: Execution = {}) {
  const { log, lines } = recordingLog();
  const hung: HungHandler[] = [];
  const definition = defineJob<typeof order, unknown>({
    kind: 'send-receipt',
    queue: defineQueue({ name: 'email' }),
    payload: order,
    retry: { attempts: 3, base: '1s', cap: '10s' },
    ...options,
    run,
  });
  const { retries, shed = { kind: 'run' }, claim, clock = standingClock } = execution;
  const executor = testExecutor(definition, now, {
    log,
    clock,
    retries,
    shed: () => shed,
    claimKey: async () => claim,
    onHung: (handler) => hung.push(handler),
  });
  const cancellation = execution.cancellation ?? new Cancellation();
  const outcome = await executor.execute(fetchedJob(execution.job), cancellation);
  return { outcome, lines, hung };
}

const throwing =
  (error: unknown): Options['run'] =>
  () => {
    throw error;
  };

/** A handler that waits for its signal and throws its reason. */
const obedient: Options['run'] = (_payload, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** What an outcome says, without the report of the error. */
const summary = ({ outcome }: { readonly outcome: Outcome }) => {
  const { error, ...rest } = { error: undefined, ...outcome };
  return error === undefined ? rest : { ...rest, class: error.class };
};

describe('Executor', () => {
  it('completes a job with what its handler returned', async () => {
    const { outcome, lines } = await execute(async ({ orderId }) => ({ sent: orderId }));

    expect(outcome).toEqual({ kind: 'completed', resultJson: '{"sent":"42"}' });
    expect(lines).toEqual([]);
  });

  it('completes a job whose result cannot be kept, and says so', async () => {
    const { outcome, lines } = await execute(() => 7n);

    expect(outcome).toMatchObject({ kind: 'completed', resultJson: expect.stringContaining('result_dropped') });
    expect(lines).toEqual(['warn job.result_dropped']);
  });

  it.each<[string, Options['run'], Partial<FetchedJob>, object]>([
    [
      'tries again after a failure',
      throwing(new Error('no route')),
      {},
      { kind: 'retried', delayMs: 550, class: 'transient' },
    ],
    [
      'waits longer after the second',
      throwing(new Error('no route')),
      { attemptsMade: 1 },
      { kind: 'retried', delayMs: 1_050, class: 'transient' },
    ],
    [
      'gives up after the last attempt',
      throwing(new Error('no route')),
      { attemptsMade: 2 },
      { kind: 'dead_lettered', reason: 'attempts_exhausted', class: 'transient', attempted: true },
    ],
    [
      'waits as long as it was asked to',
      throwing(new ThrottledError('later', { retryAfter: '1m' })),
      {},
      { kind: 'retried', delayMs: 63_000, class: 'throttled' },
    ],
    [
      'gives up at once on a permanent error',
      throwing(new PermanentError('no such user')),
      {},
      { kind: 'dead_lettered', reason: 'permanent_error', class: 'permanent', attempted: true },
    ],
    [
      'gives up at once on an expected no',
      throwing(new BusinessError('card declined')),
      {},
      { kind: 'dead_lettered', reason: 'business_error', class: 'business', attempted: true },
    ],
    [
      'gives up when the next attempt would come after the deadline',
      throwing(new Error('no route')),
      { meta: { deadline: momentIn(550) } },
      { kind: 'dead_lettered', reason: 'expired', class: 'transient', attempted: true },
    ],
    [
      'goes by the attempts that the job itself allows',
      throwing(new Error('no route')),
      { attemptsMade: 3, opts: { attempts: 10 } },
      { kind: 'retried', delayMs: 4_050, class: 'transient' },
    ],
    ['copes with nothing being thrown', throwing(undefined), {}, { kind: 'retried', delayMs: 550, class: 'transient' }],
    [
      'copes with what cannot be looked at',
      throwing(
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('hands off');
            },
          },
        ),
      ),
      {},
      { kind: 'retried', delayMs: 550, class: 'transient' },
    ],
  ])('%s', async (_what, run, job, expected) => {
    expect(summary(await execute(run, {}, { job }))).toEqual(expected);
  });

  it('reports what was thrown', async () => {
    const { outcome } = await execute(throwing(Object.assign(new TypeError('no route'), { code: 'EHOSTUNREACH' })));

    expect(outcome).toMatchObject({ error: { name: 'TypeError', code: 'EHOSTUNREACH', message: 'no route' } });
  });

  it('does not run a job that is refused', async () => {
    const run = vi.fn();

    const { outcome } = await execute(run, {}, { job: { dataJson: '{oops' } });

    expect(outcome).toMatchObject({ kind: 'dead_lettered', reason: 'payload_not_json' });
    expect(run).not.toHaveBeenCalled();
  });

  it('tries again when the attempt took too long', async () => {
    expect(summary(await execute(obedient, { timeout: 5 }))).toEqual({
      kind: 'retried',
      delayMs: 550,
      class: 'transient',
    });
  });

  it('gives up when the deadline passed while the job ran', async () => {
    expect(summary(await execute(obedient, {}, { job: { meta: { deadline: momentIn(5) } } }))).toEqual({
      kind: 'dead_lettered',
      reason: 'expired',
      class: 'expired',
      attempted: true,
    });
  });

  it.each<[string, Error, object]>([
    [
      'gives back a job at the drain deadline',
      new DrainTimeoutError(1_000),
      { kind: 'interrupted', reason: 'shutdown' },
    ],
    ['says nothing of a job whose lease is lost', new LeaseLostError('42'), { kind: 'lease_lost' }],
    [
      'dead-letters a job that was called off',
      new JobCancelledError('called off'),
      { kind: 'dead_lettered', reason: 'cancelled', class: 'cancelled', attempted: true },
    ],
  ])('%s', async (_what, reason, expected) => {
    const cancellation = new Cancellation();
    const executed = execute(
      (payload, ctx) => {
        setImmediate(() => cancellation.abort(reason));
        return obedient(payload, ctx);
      },
      {},
      { cancellation },
    );

    expect(summary(await executed)).toEqual(expected);
  });

  it('says so when it gives up on a handler that does not react', async () => {
    const { outcome, lines, hung } = await execute(() => new Promise(() => undefined), { timeout: 5 });

    expect(outcome).toMatchObject({ kind: 'retried', error: { name: 'JobTimeoutError' } });
    expect(lines).toEqual(['warn job.abandoned']);
    expect(hung).toMatchObject([{ jobId: '42', kind: 'send-receipt', reason: { name: 'JobTimeoutError' } }]);
  });

  it('does not complain of a handler that does not react while its worker shuts down anyway', async () => {
    const cancellation = new Cancellation();

    const { outcome, hung } = await execute(
      () => {
        cancellation.abort(new DrainTimeoutError(1_000));
        return new Promise(() => undefined);
      },
      {},
      { cancellation },
    );

    expect(outcome).toMatchObject({ kind: 'interrupted' });
    expect(hung).toEqual([]);
  });

  it('asks the rules of the kind what its error means', async () => {
    const classify = (): ErrorVerdict => ({ class: 'business' });

    expect(summary(await execute(throwing(new Error('card declined')), { classify }))).toMatchObject({
      reason: 'business_error',
    });
  });

  it('goes by its own rules when those of the kind throw, and says so', async () => {
    const classify = (): never => {
      throw new TypeError('a bug in the rules');
    };

    const executed = await execute(throwing(new PermanentError('no such user')), { classify });

    expect(summary(executed)).toMatchObject({ reason: 'permanent_error' });
    expect(executed.lines).toEqual(['error job.classify_failed']);
  });

  it.each([-3_600_000, 3_600_000])(
    'counts the time of a job by the clock of Redis when its own is %i ms off',
    async (ms) => {
      const clock: Clock = { ...standingClock, now: () => momentIn(ms) };
      const job = { meta: { deadline: momentIn(60_000) } };

      const { outcome } = await execute((_payload, ctx) => ctx.remainingMs(), { timeout: '5m' }, { clock, job });

      expect(outcome).toEqual({ kind: 'completed', resultJson: '60000' });
    },
  );

  it('looks again at a job that gave way while it is still worth starting', async () => {
    const shed: StartDecision = { kind: 'park', reason: 'overload', delayMs: 300_000 };
    const job = { meta: { deadline: momentIn(60_000) } };

    const { outcome } = await execute(() => undefined, {}, { shed, job });

    expect(outcome).toEqual({ kind: 'parked', reason: 'shed', delayMs: 30_000, cause: 'overload' });
  });

  it('holds on to a job that meets a fault of our own, and tries it again', async () => {
    const clock: Clock = {
      ...standingClock,
      elapsed: () => {
        throw new Error('the clock fell off the wall');
      },
    };

    const { outcome, lines } = await execute(() => undefined, {}, { clock });

    expect(outcome).toMatchObject({ kind: 'retried', delayMs: 5_000, error: { message: /clock/ } });
    expect(lines).toEqual(['error executor.failed']);
  });

  it('says which dependency made its handler fail', async () => {
    const smtp = defineDependency({ name: 'smtp' });

    const { outcome } = await execute(async (_payload, ctx) => {
      try {
        await ctx.call(smtp, throwing(new Error('421 later')) as never);
      } catch (cause) {
        throw new Error('no receipt', { cause });
      }
    });

    expect(outcome).toMatchObject({ kind: 'retried', dependency: 'smtp', error: { message: /no receipt/ } });
  });

  const postponed: Outcome = { kind: 'parked', reason: 'retry_budget', delayMs: 7_000 };

  it('does not run a job that its retry budget postpones', async () => {
    const run = vi.fn();

    const { outcome } = await execute(run, {}, { retries: { admit: async () => postponed } });

    expect(outcome).toBe(postponed);
    expect(run).not.toHaveBeenCalled();
  });

  it('ends a job that was called off while its retry budget was asked as called off', async () => {
    const cancellation = new Cancellation();
    const admit = async () => {
      cancellation.abort(new JobCancelledError('called off'));
      return postponed;
    };

    const { outcome } = await execute(() => undefined, {}, { cancellation, retries: { admit } });

    expect(outcome).toMatchObject({ kind: 'dead_lettered', reason: 'cancelled' });
  });
});
