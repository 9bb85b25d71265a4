import { describe, expect, it } from 'vitest';
import {
  awaitOutcome,
  JobFailedError,
  type WaitOptions,
  WaitTimeoutError,
} from '../../../src/producer/await-outcome.js';
import type { QueueInspector } from '../../../src/transport/queue-inspector.js';
import type { JobOutcomeView } from '../../../src/transport/view-scripts.js';

const job = { id: '42', queue: 'email', kind: 'send-receipt' };
const pending: JobOutcomeView = { state: 'pending' };
const deadLettered = {
  state: 'dead_lettered',
  record: { reason: 'permanent_error', error: { message: 'no such user' } },
} as JobOutcomeView;

/** Waits for a job that is asked about again and again and answers in this order, the last one for ever. */
function waitFor(outcomes: readonly JobOutcomeView[], options: WaitOptions = {}) {
  const asked: number[] = [];
  const startedAt = performance.now();
  const inspector = {
    outcomes: async (queue: string, ids: readonly string[]) => {
      expect([queue, ids]).toEqual(['email', ['42']]);
      asked.push(performance.now() - startedAt);
      return [outcomes[Math.min(asked.length, outcomes.length) - 1]];
    },
  } as unknown as QueueInspector;
  return { result: awaitOutcome(inspector, job, options), asked };
}

describe('awaitOutcome', () => {
  it('gives the result of a job that has ended, without waiting', async () => {
    const { result, asked } = waitFor([{ state: 'completed', result: { sent: true } }]);

    expect(await result).toEqual({ result: { sent: true }, fallback: false });
    expect(asked).toHaveLength(1);
  });

  it('asks again until the job has ended, after pauses that grow', async () => {
    const { result, asked } = waitFor([pending, pending, pending, { state: 'completed', result: 7 }]);

    expect(await result).toEqual({ result: 7, fallback: false });
    const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(pauses.every((pause, index) => pause >= ([20, 30, 45][index] ?? 0) - 2)).toBe(true);
  });

  it.each<[string, JobOutcomeView, string]>([
    ['was dead-lettered', deadLettered, 'job 42 of send-receipt was dead-lettered (permanent_error): no such user'],
    ['failed in its queue', { state: 'failed', message: 'no route' }, 'job 42 of send-receipt failed: no route'],
    ['is gone', { state: 'gone' }, 'job 42 of send-receipt is gone: it was purged, or'],
  ])('throws when the job %s', async (_what, outcome, message) => {
    const { result } = waitFor([pending, outcome]);

    await expect(result).rejects.toThrow(JobFailedError);
    await expect(result).rejects.toThrow(message);
  });

  it('gives up when the time is over, and says that the job goes on', async () => {
    const { result } = waitFor([pending], { timeout: 50 });

    await expect(result).rejects.toThrow(WaitTimeoutError);
    await expect(result).rejects.toThrow('has not ended within 50ms; it goes on');
  });

  it('asks once even without any time to wait', async () => {
    expect(await waitFor([{ state: 'completed', result: 7 }], { timeout: 0 }).result).toEqual({
      result: 7,
      fallback: false,
    });
    await expect(waitFor([pending], { timeout: 0 }).result).rejects.toThrow(WaitTimeoutError);
  });

  it('stops at once when it is told to', async () => {
    const abort = new AbortController();
    const { result } = waitFor([pending], { signal: abort.signal });
    const reason = new Error('no longer interested');

    abort.abort(reason);

    await expect(result).rejects.toBe(reason);
  });

  it('prefers the result to the reason for stopping when both are there', async () => {
    const { result } = waitFor([{ state: 'completed', result: 7 }], { signal: AbortSignal.abort() });

    expect(await result).toEqual({ result: 7, fallback: false });
  });
});
