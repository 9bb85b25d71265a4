import type { EpochMs } from '../time/duration.js';

/** Longest Retry-After that is believed; a server asking for more is treated as asking for this. */
const longestRetryAfterMs = 24 * 3_600_000;

/**
 * Reads a Retry-After header (RFC 9110 §10.2.3): seconds, or an HTTP date. Pure.
 *
 * @returns milliseconds from now, at most a day; undefined when there is no such header or it says nothing usable.
 */
export function parseRetryAfter(header: unknown, now: EpochMs): number | undefined {
  if (typeof header !== 'string' && typeof header !== 'number') return undefined;
  const text = String(header).trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseHttpDate(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestRetryAfterMs);
}

/** `Date.parse` alone takes '-5' and '1.5' for dates too; an HTTP date begins with the name of a day. */
function parseHttpDate(text: string): number {
  return /^[A-Z][a-z]{2,8}, /.test(text) ? Date.parse(text) : Number.NaN;
}
