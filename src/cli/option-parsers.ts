import { InvalidArgumentError } from 'commander';
import { type DurationMs, parseDuration } from '../time/duration.js';

/** Reads a whole number of a flag that belongs to one command; options of the table have their own rules. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Reads how long something is to hold: a duration that is not zero. */
export function holdingTime(text: string): DurationMs {
  const value = duration(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("Expected a duration above zero, such as '30s', '5m' or '1h'.");
}

/** Reads a duration such as `30s`. */
export function duration(text: string): DurationMs {
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError("Expected a duration such as '30s', '5m' or '1h'.");
  }
}
