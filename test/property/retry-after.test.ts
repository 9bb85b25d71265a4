import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from '../../src/job/define-job.js';
import { classifyError } from '../../src/retry/classify.js';
import { decideFailure } from '../../src/retry/decide-failure.js';
import { ThrottledError, TransientError } from '../../src/retry/errors.js';
import { postponementMs } from '../../src/retry/retry-budget.js';
import type { EpochMs } from '../../src/time/duration.js';

interface Answer {
  /** Whole seconds that the other side asks for, if it asks. */
  readonly retryAfter: number | undefined;
  readonly form: 'seconds' | 'date';
  /** What the handler makes of it. */
  readonly wrap: 'bare' | 'transient' | 'throttled' | 'plain' | 'twice';
  readonly status: number;
  /** How often the retry budget postpones the attempt that follows. */
  readonly postponed: number;
  readonly random: number;
}

const longestBelievedMs = 24 * 3_600_000;
const start = Date.parse('2026-03-04T05:06:07Z');
const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyAnswer: fc.Arbitrary<Answer> = fc.record({
  retryAfter: fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
  form: fc.constantFrom('seconds', 'date'),
  wrap: fc.constantFrom('bare', 'transient', 'throttled', 'plain', 'twice'),
  status: fc.constantFrom(408, 425, 429, 500, 502, 503, 504),
  postponed: fc.integer({ min: 0, max: 3 }),
  random: anyRandom,
});
const anyPolicy = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 600_000 }))
  .map(([attempts, baseMs, beyond]) => ({ attempts, baseMs, capMs: baseMs + beyond }) as RetryPolicy);
const anyDeadline = fc.option(fc.integer({ min: 1, max: 86_400_000 }), { nil: undefined });

/** The error of an HTTP client, and what a handler may make of it. */
function errorOf({ retryAfter, form, wrap, status }: Answer, now: number): Error {
  const header = form === 'seconds' ? String(retryAfter) : new Date(now + Number(retryAfter) * 1_000).toUTCString();
  const headers = retryAfter === undefined ? {} : { 'Retry-After': header };
  const answered = Object.assign(new Error(`HTTP ${status}`), { response: { status, headers } });
  const cause = { cause: answered };
  switch (wrap) {
    case 'bare':
      return answered;
    case 'transient':
      return new TransientError('not now', cause);
    case 'throttled':
      return new ThrottledError('later', cause);
    case 'plain':
      return new Error('no quote', cause);
    case 'twice':
      return new Error('no order', { cause: new TransientError('no quote', cause) });
  }
}

describe('a job whose calls are asked to come back later', () => {
  it('for any answers, policy and deadline, starts no attempt before it was asked to, nor after its deadline', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        anyDeadline,
        fc.array(anyAnswer, { minLength: 1, maxLength: 12 }),
        (policy, within, answers) => {
          const deadline = within === undefined ? undefined : ((start + within) as EpochMs);
          let now = start as EpochMs;
          for (const [index, answer] of answers.entries()) {
            const verdict = classifyError(errorOf(answer, now), now);
            const decision = decideFailure({ verdict, attempt: index + 1, policy, deadline }, now, answer.random);
            if (decision.kind !== 'retry') return;
            let startsAt = now + decision.delayMs;
            for (let times = 0; times < answer.postponed; times++) {
              startsAt += postponementMs(deadline, startsAt as EpochMs, answer.random) ?? 0;
            }

            // An HTTP date has no fractions of a second.
            const asked = Math.min((answer.retryAfter ?? 0) * 1_000, longestBelievedMs);
            const notBefore = answer.form === 'date' ? Math.floor((now + asked) / 1_000) * 1_000 : now + asked;
            expect(startsAt).toBeGreaterThanOrEqual(notBefore);
            if (deadline !== undefined) expect(startsAt).toBeLessThan(deadline);
            now = startsAt as EpochMs;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
