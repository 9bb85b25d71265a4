import { describe, expect, it } from 'vitest';
import {
  postponementMs,
  type RetryBudget,
  type RetryVerdict,
  type RetryWish,
  retryBudgetRule,
  takeRetry,
} from '../../../src/retry/retry-budget.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = 1_000_000 as EpochMs;
const momentIn = (ms: number): EpochMs => (now + ms) as EpochMs;
const defaults = retryBudgetRule({ retryBudget: 100, retryBudgetPercent: 20, retryBudgetPerSecond: 1 });

/** A budget in whole retries, as of some time ago. */
const budget = (retries: number, agoMs = 0): RetryBudget => ({ left: retries * 1_000, at: momentIn(-agoMs) });

describe('takeRetry', () => {
  it.each<[string, RetryBudget | undefined, Partial<RetryWish>, RetryVerdict, number]>([
    ['takes the first retry from a full budget', undefined, {}, 'taken', 99],
    ['takes the last one', budget(1), {}, 'taken', 0],
    ['postpones when less than one is left', budget(0.999), {}, 'empty', 0.999],
    ['postpones when none is left', budget(0), {}, 'empty', 0],
    ['brings in one retry a second', budget(0, 3_500), {}, 'taken', 2.5],
    ['brings in a fifth of a retry for each first attempt', budget(0), { firstAttempts: 7 }, 'taken', 0.4],
    ['keeps what came in when it was too little', budget(0, 100), { firstAttempts: 4 }, 'empty', 0.9],
    ['is filled by time up to what it holds', budget(50, 60_000), {}, 'taken', 99],
    ['is filled beyond that by first attempts', budget(50, 60_000), { firstAttempts: 1_000 }, 'taken', 299],
    ['loses what is beyond that', budget(300, 2_500), {}, 'taken', 249],
    ['loses it within ten seconds', budget(300, 10_000), {}, 'taken', 99],
    ['loses no more than that', budget(300, 60_000), {}, 'taken', 99],
    ['is overdrawn by a job that cannot wait', budget(0.5), { cannotWait: true }, 'overdrawn', -0.5],
    ['gives a job that cannot wait what it has', budget(2), { cannotWait: true }, 'taken', 1],
    ['lets those that follow pay', budget(-1, 1_500), {}, 'empty', 0.5],
    ['lets them pay for no more than a full budget', budget(-100), { cannotWait: true }, 'overdrawn', -100],
    ['brings in nothing when the clock was set back', budget(0, -60_000), {}, 'empty', 0],
  ])('%s', (_what, known, wish, verdict, left) => {
    const answer = takeRetry(known, defaults, { firstAttempts: 0, cannotWait: false, ...wish }, now);

    expect(answer).toEqual({ verdict, budget: { left: left * 1_000, at: now } });
  });

  it('keeps nothing of a budget that is full', () => {
    const rule = { capacity: 600, perMs: 1, perFirstAttempt: 200, fadeMs: 10_000 };

    const answer = takeRetry({ left: 0, at: now }, rule, { firstAttempts: 3, cannotWait: false }, now);

    expect(answer).toEqual({ verdict: 'empty', budget: undefined });
  });
});

describe('postponementMs', () => {
  it.each<[string, number | undefined, number, number | undefined]>([
    ['waits 5 s at least', undefined, 0, 5_000],
    ['waits 30 s at most', undefined, 0.999_999, 29_999],
    ['is not hurried by a deadline far away', 60_000, 0.5, 17_500],
    ['waits for half of the time until a deadline', 20_000, 0.5, 10_000],
    ['waits for a second at least', 2_000, 0.5, 1_000],
    ['does not wait when a deadline is nearer', 1_999, 0.5, undefined],
    ['does not wait when it is too late', -1, 0.5, undefined],
  ])('%s', (_what, latest, random, expected) => {
    expect(postponementMs(latest === undefined ? undefined : momentIn(latest), now, random)).toBe(expected);
  });
});
