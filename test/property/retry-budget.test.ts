import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RetryBudget, type RetryBudgetRule, takeRetry } from '../../src/retry/retry-budget.js';
import type { EpochMs } from '../../src/time/duration.js';

interface Question {
  readonly afterMs: number;
  readonly firstAttempts: number;
  readonly cannotWait: boolean;
}

const anyRule: fc.Arbitrary<RetryBudgetRule> = fc.record({
  capacity: fc.integer({ min: 1, max: 200 }).map((retries) => retries * 1_000),
  perMs: fc.integer({ min: 1, max: 20 }),
  perFirstAttempt: fc.integer({ min: 0, max: 100 }).map((percent) => percent * 10),
  fadeMs: fc.integer({ min: 1, max: 20_000 }),
});
const questions = (cannotWait: fc.Arbitrary<boolean>): fc.Arbitrary<Question[]> =>
  fc.array(
    fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000 })),
      firstAttempts: fc.integer({ min: 0, max: 50 }),
      cannotWait,
    }),
    { maxLength: 200 },
  );

/** Asks one after the other; `seen` is told of each answer with all that came in until then, in thousandths. */
function ask(
  rule: RetryBudgetRule,
  asked: readonly Question[],
  seen: (answer: ReturnType<typeof takeRetry>, broughtIn: number) => void,
): void {
  let budget: RetryBudget | undefined;
  let [now, broughtIn] = [1_000_000, rule.capacity];
  for (const { afterMs, ...wish } of asked) {
    now += afterMs;
    broughtIn += afterMs * rule.perMs + wish.firstAttempts * rule.perFirstAttempt;
    const answer = takeRetry(budget, rule, wish, now as EpochMs);
    budget = answer.budget;
    seen(answer, broughtIn);
  }
}

describe('a retry budget', () => {
  it('for any jobs that can wait, spends no more than it held and what came in', () => {
    fc.assert(
      fc.property(anyRule, questions(fc.constant(false)), (rule, asked) => {
        let spent = 0;
        ask(rule, asked, ({ verdict }, broughtIn) => {
          if (verdict === 'taken') spent += 1_000;
          expect(verdict).not.toBe('overdrawn');
          expect(spent).toBeLessThanOrEqual(broughtIn);
        });
      }),
    );
  });

  it('for any jobs, postpones none that cannot wait, and only when less than one retry is left', () => {
    fc.assert(
      fc.property(anyRule, questions(fc.boolean()), (rule, asked) => {
        let index = 0;
        ask(rule, asked, ({ verdict, budget }) => {
          const { cannotWait } = asked[index++] as Question;
          if (verdict !== 'empty') return;
          expect(cannotWait).toBe(false);
          expect(budget?.left ?? rule.capacity).toBeLessThan(1_000);
        });
      }),
    );
  });

  it('for any jobs, is overdrawn by no more than a full budget, and holds no more than came in', () => {
    fc.assert(
      fc.property(anyRule, questions(fc.boolean()), (rule, asked) => {
        ask(rule, asked, ({ budget }, broughtIn) => {
          if (budget === undefined) return;
          expect(Number.isSafeInteger(budget.left)).toBe(true);
          expect(budget.left).toBeGreaterThanOrEqual(-rule.capacity);
          expect(budget.left).toBeLessThanOrEqual(broughtIn);
        });
      }),
    );
  });

  it('for any jobs, is what it was at first when all has faded and come in', () => {
    fc.assert(
      fc.property(anyRule, questions(fc.boolean()), (rule, asked) => {
        let last: RetryBudget | undefined;
        ask(rule, asked, ({ budget }) => {
          last = budget;
        });
        const later = ((last?.at ?? 0) + Math.max(rule.fadeMs, 2 * rule.capacity)) as EpochMs;
        const wish = { firstAttempts: 0, cannotWait: false };

        expect(takeRetry(last, rule, wish, later)).toEqual(takeRetry(undefined, rule, wish, later));
      }),
    );
  });

  it('for any debts, has something again after a while', () => {
    fc.assert(
      fc.property(anyRule, questions(fc.boolean()), (rule, asked) => {
        let last: RetryBudget | undefined;
        ask(rule, asked, ({ budget }) => {
          last = budget;
        });
        const whileMs = Math.ceil((rule.capacity + 1_000) / rule.perMs);
        const later = ((last?.at ?? 0) + whileMs) as EpochMs;

        expect(takeRetry(last, rule, { firstAttempts: 0, cannotWait: false }, later).verdict).toBe('taken');
      }),
    );
  });
});
