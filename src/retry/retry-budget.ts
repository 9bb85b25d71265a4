import type { EpochMs } from '../time/duration.js';

/**
 * A retry budget: what a queue may spend on running again what one dependency made fail. Each first attempt that starts brings in a
 * part of a retry, time brings in a little, and each retry costs one. So a dependency that fails is called little more often than one
 * that works, however many jobs want another try.
 *
 * Amounts are whole thousandths of a retry, so that Redis and Node count alike. A budget that nobody has heard of is full.
 */
export interface RetryBudget {
  /** Below zero when jobs that could not wait have overdrawn it. */
  readonly left: number;
  /** As of when, on Redis' clock. */
  readonly at: EpochMs;
}

export interface RetryBudgetRule {
  /** What time fills a budget up to, and overdrawing takes it down to, below zero. */
  readonly capacity: number;
  /** What a millisecond brings in. */
  readonly perMs: number;
  /** What a first attempt brings in. */
  readonly perFirstAttempt: number;
  /** After how long nothing is left of what first attempts have brought in beyond the capacity. */
  readonly fadeMs: number;
}

export interface RetryWish {
  /** First attempts that have started and are not counted yet. */
  readonly firstAttempts: number;
  /** Whether the job would be too late if it waited. */
  readonly cannotWait: boolean;
}

/** `overdrawn`: it was empty, and the job could not wait. `empty`: the job is to wait. */
export type RetryVerdict = 'taken' | 'overdrawn' | 'empty';

/** What the options say, in thousandths. */
export function retryBudgetRule(options: {
  readonly retryBudget: number;
  readonly retryBudgetPercent: number;
  readonly retryBudgetPerSecond: number;
}): RetryBudgetRule {
  return {
    capacity: options.retryBudget * oneRetry,
    perMs: options.retryBudgetPerSecond,
    perFirstAttempt: options.retryBudgetPercent * 10,
    fadeMs,
  };
}

const oneRetry = 1_000;
/**
 * Retries of a batch come when its first attempts are through. Shorter: what those brought in is gone by then. Longer: after heavy traffic a
 * failing dependency gets a heavy burst of retries.
 */
const fadeMs = 10_000;

/**
 * Takes one retry from a budget. Pure: `retry-take.lua` does the same in Redis.
 *
 * A job that cannot wait overdraws an empty budget: postponing it would fail it. Those after it pay for it, but not for more than a
 * full budget of them.
 */
export function takeRetry(
  budget: RetryBudget | undefined,
  rule: RetryBudgetRule,
  { firstAttempts, cannotWait }: RetryWish,
  now: EpochMs,
): { readonly verdict: RetryVerdict; readonly budget: RetryBudget | undefined } {
  const left = leftAt(budget, rule, now) + firstAttempts * rule.perFirstAttempt;
  if (left >= oneRetry) return { verdict: 'taken', budget: kept(left - oneRetry, rule, now) };
  if (!cannotWait) return { verdict: 'empty', budget: kept(left, rule, now) };
  return { verdict: 'overdrawn', budget: kept(Math.max(left - oneRetry, -rule.capacity), rule, now) };
}

/** A clock that was set back brings in nothing. */
function leftAt(
  budget: RetryBudget | undefined,
  { capacity, perMs, fadeMs: fade }: RetryBudgetRule,
  now: EpochMs,
): number {
  if (budget === undefined) return capacity;
  const { left, at } = budget;
  const passedMs = Math.max(0, now - at);
  if (left <= capacity) return Math.min(capacity, Math.max(-capacity, left) + passedMs * perMs);
  return capacity + Math.floor(((left - capacity) * Math.max(0, fade - passedMs)) / fade);
}

function kept(left: number, { capacity }: RetryBudgetRule, at: EpochMs): RetryBudget | undefined {
  return left === capacity ? undefined : { left, at };
}

/** Shorter: thousands of waiting jobs keep Redis and workers busy with asking. Longer: what a budget brings in is left lying. */
const shortestWaitMs = 5_000;
const longestWaitMs = 30_000;
/** Waiting for less is not worth another round. */
const leastWaitMs = 1_000;

/**
 * How long a job waits before it asks an empty budget again. Undefined when it cannot wait: it would be too late to start. Pure: `random` is a
 * number from 0 up to 1, so that jobs that were postponed together do not come back together.
 *
 * @param latestStart - when the job stops being worth starting, if ever: it waits for half of the time until then at most.
 */
export function postponementMs(latestStart: EpochMs | undefined, now: EpochMs, random: number): number | undefined {
  const wait = shortestWaitMs + (longestWaitMs - shortestWaitMs) * random;
  const most = latestStart === undefined ? Number.POSITIVE_INFINITY : (latestStart - now) / 2;
  return most < leastWaitMs ? undefined : Math.floor(Math.min(wait, most));
}
