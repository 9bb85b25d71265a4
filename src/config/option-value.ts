import { assertNever } from '../errors/assert-never.js';
import { formatDuration, parseDuration } from '../time/duration.js';
import { formatByteSize, parseByteSize } from './byte-size.js';
import type { Option } from './option.js';

/** A value of an option, as the program uses it. */
export type OptionValue = number | string | boolean | readonly string[];

/**
 * Reads one value of an option. Text is read the same whether it comes from the environment, a file, a flag or code, so
 * that a value can move from one to another.
 *
 * @returns undefined when the value breaks the option's rule, which `optionRule` puts into words.
 */
export function parseOptionValue(option: Option, input: unknown): OptionValue | undefined {
  const given = typeof input === 'string' ? input.trim() : input;
  if (canBeOff(option) && (given === false || given === 'false')) return false;
  switch (option.kind) {
    case 'duration':
      return withinLimits(option, readAmount(parseDuration, given));
    case 'bytes':
      return withinLimits(option, readAmount(parseByteSize, given));
    case 'integer':
      return withinLimits(option, readInteger(given));
    case 'choice':
      return option.choices.find((choice) => choice === given);
    case 'flag':
      return given === true || given === 'true' ? true : given === false || given === 'false' ? false : undefined;
    case 'text':
      return typeof given === 'string' && option.accepts(given) ? given : undefined;
    case 'list':
      return readList(given, option.accepts);
    default:
      return assertNever(option);
  }
}

/** Writes a value so that `parseOptionValue` reads it back to the last digit. Does not mask: see `showOptionValue`. */
export function formatOptionValue(option: Option, value: OptionValue): string {
  if (value === false) return 'false';
  if (option.kind === 'duration') return exactDuration(Number(value));
  if (option.kind === 'bytes') return formatByteSize(Number(value));
  return String(value);
}

/** Writes a value for people to see: secrets masked. */
export function showOptionValue(option: Option, value: OptionValue): string {
  const written = formatOptionValue(option, value);
  return option.kind === 'text' && option.mask ? option.mask(written) : written;
}

function canBeOff(option: Option): boolean {
  return (option.kind === 'duration' || option.kind === 'integer') && option.canBeOff === true;
}

function withinLimits(limits: { readonly min: number; readonly max: number }, value: number | undefined) {
  return value !== undefined && value >= limits.min && value <= limits.max ? value : undefined;
}

/** The parsers say what is wrong by throwing; here the option's rule says it better, with its limits. */
function readAmount(parse: (input: number | string) => number, given: unknown): number | undefined {
  if (typeof given !== 'number' && typeof given !== 'string') return undefined;
  try {
    return parse(given);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readInteger(given: unknown): number | undefined {
  const value = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : given;
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function readList(given: unknown, accepts = (_entry: string) => true): readonly string[] | undefined {
  const entries = typeof given === 'string' ? given.split(',') : given;
  if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === 'string')) return undefined;
  const written = entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
  return written.every(accepts) ? Object.freeze(written) : undefined;
}

/** `formatDuration` rounds to what people read; a limit or a printed option must be exact. */
export function exactDuration(ms: number): string {
  const written = formatDuration(ms);
  return parseDuration(written) === ms ? written : `${ms}ms`;
}
