import { anything, type OptionShapes } from '../errors/option-faults.js';
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
   * From how long on a call counts as slow. Declared for the breaker; checked here, and nothing else reads it in this version.
   * @defaultValue a third of the timeout
   */
  readonly slow?: DurationInput;
}

/** A dependency as `defineDependency` resolved it. */
export interface DependencyDefinition {
  readonly name: string;
  readonly timeoutMs: DurationMs;
  /** Declared for the breaker; nothing reads it in this version. */
  readonly slowMs: DurationMs;
}

const optionShapes: OptionShapes<DependencyOptions> = { name: anything, timeout: anything, slow: anything };

/**
 * Declares something outside that jobs call through `ctx.call`.
 *
 * @throws DefinitionError when the name or a duration is not usable, an option is unknown, or a call would be slow only after it timed out.
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
  return Object.freeze({ name: options.name, timeoutMs, slowMs });
}
