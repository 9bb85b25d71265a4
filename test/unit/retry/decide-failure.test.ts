import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from '../../../src/job/define-job.js';
import type { ErrorClass } from '../../../src/job/outcome.js';
import { decideFailure, type FailedAttempt, type FailureDecision } from '../../../src/retry/decide-failure.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = 1_700_000_000_000 as EpochMs;
const policy = { attempts: 3, baseMs: 1_000, capMs: 10_000 } as RetryPolicy;
const half = 0.5;

function failed(errorClass: ErrorClass, overrides: Partial<FailedAttempt> = {}): FailedAttempt {
  return { verdict: { class: errorClass }, attempt: 1, policy, deadline: undefined, ...overrides };
}

const dueIn = (ms: number): { deadline: EpochMs } => ({ deadline: (now + ms) as EpochMs });
const deadLetter = (reason: string): object => ({ kind: 'dead_letter', reason });
const retry = (delayMs: number): FailureDecision => ({ kind: 'retry', delayMs });

describe('decideFailure', () => {
  it.each<[string, FailedAttempt, object]>([
    ['gives up on a permanent error', failed('permanent'), deadLetter('permanent_error')],
    ['gives up on an expected no', failed('business'), deadLetter('business_error')],
    ['gives up on what is too late', failed('expired'), deadLetter('expired')],
    ['gives up on what was called off', failed('cancelled'), deadLetter('cancelled')],
    ['tries a transient error again', failed('transient'), retry(550)],
    ['waits longer after the second failure', failed('transient', { attempt: 2 }), retry(1_050)],
    ['gives up after the last attempt', failed('transient', { attempt: 3 }), deadLetter('attempts_exhausted')],
    [
      'gives up when there were more attempts than allowed',
      failed('transient', { attempt: 9 }),
      deadLetter('attempts_exhausted'),
    ],
    ['tries a throttled call again, later', failed('throttled'), retry(3_750)],
    ['counts throttled attempts too', failed('throttled', { attempt: 3 }), deadLetter('attempts_exhausted')],
    [
      'waits as long as it was asked to',
      failed('throttled', { verdict: { class: 'throttled', retryAfterMs: 60_000 } }),
      retry(63_000),
    ],
    ['tries again when there is time until the deadline', failed('transient', dueIn(551)), retry(550)],
    ['gives up when the deadline comes first', failed('transient', dueIn(550)), deadLetter('expired')],
    [
      'gives up when it may ask again only after the deadline',
      failed('throttled', { verdict: { class: 'throttled', retryAfterMs: 60_000 }, ...dueIn(60_000) }),
      deadLetter('expired'),
    ],
    [
      'says that attempts are used up rather than time',
      failed('transient', { attempt: 3, ...dueIn(1) }),
      deadLetter('attempts_exhausted'),
    ],
    [
      'gives up on a permanent error whatever is left',
      failed('permanent', { attempt: 3, ...dueIn(1) }),
      deadLetter('permanent_error'),
    ],
  ])('%s', (_what, attempt, expected) => {
    expect(decideFailure(attempt, now, half)).toEqual(expected);
  });
});
