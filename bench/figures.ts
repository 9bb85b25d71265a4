/** The middle of a list; of an even number the upper one of the two. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The smallest value that so large a part of the list does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Half of the range over the median: 0.05 is ± 5 %. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

/** By so many standard deviations a count of coin tosses is off in one of twenty cases at most. */
const deviations = 1.96;

/**
 * Half of the range that holds the middle of all rounds there could have been, in 19 of 20 cases. It goes by ranks, and so assumes nothing of how
 * the rounds are spread; of a few rounds it is half of their whole range.
 */
export function uncertainty(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const from = Math.max(0, Math.floor((sorted.length - deviations * Math.sqrt(sorted.length)) / 2) - 1);
  return ((sorted[sorted.length - 1 - from] ?? Number.NaN) - (sorted[from] ?? Number.NaN)) / 2;
}

/** At most two digits after the point; large numbers are whole. */
export function rounded(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Math.round(value * 100) / 100;
}
