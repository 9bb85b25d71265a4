/** Longest wait another side can ask for. A larger answer is more often a mistake than a plan, and would park the job for good. */
const longestRetryAfterMs = 24 * 3_600_000;

/**
 * Reads a `Retry-After` header: whole seconds, or an HTTP date. Pure.
 *
 * @returns milliseconds from `now`, between 0 and 24 hours; undefined when there is no header or it says neither.
 */
export function parseRetryAfter(header: string | readonly string[] | undefined, now: number): number | undefined {
  const value = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : parseHttpDate(value) - now;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(ms, 0), longestRetryAfterMs);
}

/** `Date.parse` alone would also take '-5' or '1.5' for years; an HTTP date starts with the name of a day. */
function parseHttpDate(value: string): number {
  return /^[A-Z][a-z]{2,8}, /.test(value) ? Date.parse(value) : Number.NaN;
}
