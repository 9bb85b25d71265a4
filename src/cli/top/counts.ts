/** A count in at most five signs: `99999`, `123k`, `1.2M`. */
export function shortCount(count: number): string {
  if (count < 100_000) return String(count);
  if (count < 1_000_000) return `${Math.floor(count / 1_000)}k`;
  const millions = count / 1_000_000;
  return millions < 100 ? `${millions.toFixed(1)}M` : `${Math.round(millions)}M`;
}

/** Jobs a second; a pool that has a tenth of a job in it is not idle. */
export function shortRate(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : shortCount(Math.round(rate));
}
