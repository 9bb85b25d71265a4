import { aFunction, anObject, anything, type OptionShapes } from '../errors/option-faults.js';
import type { DurationInput, DurationMs } from '../time/duration.js';
import { assertOptions, ownerText } from './assert-options.js';
import { readDuration, readTimeout } from './define-queue.js';
import { assertName, DefinitionError } from './definition-error.js';

/** What may be said of something outside that jobs call: a mail server, an API, a database. */
export interface DependencyOptions {
  readonly name: string;
  /**
   * How long one call may take before it is aborted.
   * @defaultValue '10s'
   */
  readonly timeout?: DurationInput;
  /**
   * From how long on a call counts as slow. When nearly all calls are slow the breaker opens as if they had failed.
   * @defaultValue a third of the timeout
   */
  readonly slow?: DurationInput;
  /**
   * How many calls one worker makes at once; one more is refused, and its job comes back a little later. Default: any number.
   */
  readonly capacity?: number;
  /** How its breaker behaves; `false` for none: calls are made whatever became of those before. */
  readonly breaker?: BreakerOptions | false;
}

/** What may be said of the breaker of a dependency. */
export interface BreakerOptions {
  /**
   * For how long it opens the first time; each further time in a row for twice as long.
   * @defaultValue '2s'
   */
  readonly openFor?: DurationInput;
  /**
   * For how long it opens at most, unless the dependency itself asks for more with a Retry-After.
   * @defaultValue '5s'
   */
  readonly openAtMost?: DurationInput;
  /**
   * Finds out whether the dependency is back. With it no job is tried on a dependency that was down: workers call this instead, under the
   * timeout of the dependency; what it throws means "not yet".
   */
  readonly probe?: (signal: AbortSignal) => Promise<unknown>;
}

/** A dependency as `defineDependency` resolved it. */
export interface DependencyDefinition {
  readonly name: string;
  readonly timeoutMs: DurationMs;
  readonly slowMs: DurationMs;
  readonly capacity: number | undefined;
  readonly breaker: BreakerDefinition | false;
}

/** What was said of the breaker of a dependency, as `defineDependency` resolved it. */
export interface BreakerDefinition {
  readonly openForMs: DurationMs;
  readonly openAtMostMs: DurationMs;
  readonly probe: ((signal: AbortSignal) => Promise<unknown>) | undefined;
}

const optionShapes: OptionShapes<DependencyOptions> = {
  name: anything,
  timeout: anything,
  slow: anything,
  capacity: anything,
  breaker: { expected: 'an object of options or false', fits: (value) => value === false || anObject.fits(value) },
};

const breakerShapes: OptionShapes<BreakerOptions> = { openFor: anything, openAtMost: anything, probe: aFunction };

/**
 * Declares something outside that jobs call through `ctx.call`.
 *
 * @throws DefinitionError when the name, a number or a duration is not usable, an option is unknown, or a call would be slow only after it
 * timed out.
 */
export function defineDependency(options: DependencyOptions): DependencyDefinition {
  assertOptions(ownerText('dependency', options?.name), options, optionShapes);
  assertName('a dependency name', options.name);
  const timeoutMs = readTimeout(`dependency ${options.name}: timeout`, options.timeout ?? '10s');
  const slowMs = readDuration(`dependency ${options.name}: slow`, options.slow ?? Math.round(timeoutMs / 3));
  if (slowMs > timeoutMs) {
    throw new DefinitionError(
      `dependency ${options.name}: slow must be at most the timeout, got timeout ${timeoutMs} ms and slow ${slowMs} ms`,
    );
  }
  return Object.freeze({
    name: options.name,
    timeoutMs,
    slowMs,
    capacity: readCapacity(options),
    breaker: options.breaker === false ? false : resolveBreaker(options.name, options.breaker ?? {}),
  });
}

function readCapacity({ name, capacity }: DependencyOptions): number | undefined {
  if (capacity === undefined || (Number.isSafeInteger(capacity) && capacity > 0)) return capacity;
  throw new DefinitionError(
    `dependency ${name}: capacity must be a whole number of calls from 1, got ${JSON.stringify(capacity)}`,
  );
}

function resolveBreaker(name: string, options: BreakerOptions): BreakerDefinition {
  const what = `dependency ${name}`;
  assertOptions(what, options, breakerShapes, 'breaker');
  const openForMs = readTimeout(`${what}: breaker.openFor`, options.openFor ?? '2s');
  const openAtMostMs = readTimeout(`${what}: breaker.openAtMost`, options.openAtMost ?? Math.max(5_000, openForMs));
  if (openAtMostMs < openForMs) {
    throw new DefinitionError(
      `${what}: breaker.openAtMost (${openAtMostMs} ms) must not be below breaker.openFor (${openForMs} ms)`,
    );
  }
  return Object.freeze({ openForMs, openAtMostMs, probe: options.probe });
}
