import { type EpochMs, parseDuration } from './duration.js';

/** What was read, or what is wrong with it, in words for whoever wrote it. */
export type Parsed<T> = { readonly value: T } | { readonly fault: string };

/** ISO 8601 from the day on: `Date` alone would take `5` for a month. */
const isoPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}|$)/;

/** Reads a moment as somebody wrote it for the option `name`. Pure: `now` is what durations count back from. */
export function parseMoment(name: string, given: string | undefined, now: EpochMs): Parsed<EpochMs | undefined> {
  if (given === undefined) return { value: undefined };
  const at = isoPattern.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(at)) return { value: at as EpochMs };
  try {
    // A bare number is a length of time elsewhere; here it could be meant as a moment.
    if (!/^\d+$/.test(given)) return { value: (now - parseDuration(given)) as EpochMs };
  } catch {
    // Neither a moment nor a duration.
  }
  return {
    fault: `${name} ${given} is no moment; expected a duration such as 2h, which means so long ago, or a time such as ${new Date(now - 7_200_000).toISOString()}`,
  };
}
