import { fleetRules, openJitterRatio } from './breaker-policy.js';

export interface OpenTimePolicy {
  /** How long it stays open the first time. */
  readonly openForMs: number;
  /** Never longer than this, unless the dependency asks for it. */
  readonly openAtMostMs: number;
}

/**
 * For how long a breaker opens, in milliseconds. Pure: `openings` counts this one, `random` is a number from 0 up to 1. The jitter is 20 % in
 * either direction. What the dependency asked for with Retry-After is the least, up to 15 minutes.
 */
export function openTimeMs(
  { openForMs, openAtMostMs }: OpenTimePolicy,
  openings: number,
  random: number,
  retryAfterMs = 0,
): number {
  const bound = Math.min(openAtMostMs, openForMs * 2 ** Math.min(Math.max(openings, 1) - 1, 30));
  const jittered = Math.min(openAtMostMs, bound * (1 + openJitterRatio * (2 * random - 1)));
  return Math.ceil(Math.min(fleetRules.longestOpenMs, Math.max(jittered, retryAfterMs)));
}
