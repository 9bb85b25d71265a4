import { anything, type OptionShapes } from '../errors/option-faults.js';
import { nearestWord } from '../errors/suggestion.js';
import { type DurationInput, type DurationMs, longestTimerMs, parseDuration } from '../time/duration.js';
import { assertOptions, ownerText } from './assert-options.js';
import { type Criticality, criticalities } from './criticality.js';
import { assertName, DefinitionError } from './definition-error.js';
import { readTenantOptions, type TenantOptions, type TenantPolicy } from './tenant-policy.js';

/** What may be said of a queue. */
export interface QueueOptions {
  /** Letters, digits, dot, dash, underscore. `<name>.dead` is its dead-letter queue. */
  readonly name: string;
  /**
   * How much this queue's work matters under overload.
   * @defaultValue 'sheddable_plus'
   */
  readonly criticality?: Criticality;
  /**
   * How long a job of this queue may wait before users notice.
   * @defaultValue '5m'
   */
  readonly slo?: DurationInput;
  /**
   * The group of workers that serves this queue: what is scaled together. Give queues another group when a deployment of their own runs
   * their jobs.
   * @defaultValue 'default'
   */
  readonly group?: string;
  /**
   * A budget: with so many jobs that wait, new ones are refused until a tenth of them is done. It may be exceeded by what producers enqueue
   * in the second or two until they hear of it. Default: any number may wait.
   */
  readonly maxWaiting?: number;
  /**
   * Gives the tenants of the queue turns, so that the flood of one does not make the others wait: `{}` for equal shares. Jobs of such a
   * queue have no priority, and those without a tenant share one. Default: jobs start in the order in which they came.
   */
  readonly tenants?: TenantOptions;
}

/** A queue as `defineQueue` resolved it. */
export interface QueueDefinition {
  readonly name: string;
  readonly criticality: Criticality;
  readonly sloMs: DurationMs;
  readonly group: string;
  readonly maxWaiting: number | undefined;
  readonly tenants: TenantPolicy | undefined;
}

const optionShapes: OptionShapes<QueueOptions> = {
  name: anything,
  criticality: anything,
  slo: anything,
  group: anything,
  maxWaiting: anything,
  tenants: anything,
};

/** Where queues belong of which nobody says otherwise. */
export const defaultGroup = 'default';

/** The ending of the name of every dead-letter queue. */
export const deadLetterSuffix = '.dead';

/**
 * Declares a queue: one class of importance, one promise about waiting.
 *
 * @throws DefinitionError when the name, the criticality, the slo, the group, the budget or the tenants are not usable, or an option is unknown.
 */
export function defineQueue(options: QueueOptions): QueueDefinition {
  assertOptions(ownerText('queue', options?.name), options, optionShapes);
  assertName('a queue name', options.name);
  if (options.name.endsWith(deadLetterSuffix)) {
    throw new DefinitionError(
      `queue name ${JSON.stringify(options.name)} ends in '${deadLetterSuffix}', which names the dead-letter queue of another; choose another ending`,
    );
  }
  const criticality = options.criticality ?? 'sheddable_plus';
  if (!criticalities.includes(criticality)) {
    const near = nearestWord(String(criticality), criticalities);
    throw new DefinitionError(
      `queue ${options.name}: criticality must be one of ${criticalities.join(', ')}, got ${JSON.stringify(criticality)}${near ? `; did you mean ${near}?` : ''}`,
    );
  }
  const group = options.group ?? defaultGroup;
  assertName(`queue ${options.name}: group`, group);
  const { maxWaiting } = options;
  if (maxWaiting !== undefined && (!Number.isInteger(maxWaiting) || maxWaiting < 1)) {
    throw new DefinitionError(
      `queue ${options.name}: maxWaiting must be a whole number from 1, got ${JSON.stringify(maxWaiting)}`,
    );
  }
  return Object.freeze({
    name: options.name,
    criticality,
    sloMs: readDuration(`queue ${options.name}: slo`, options.slo ?? '5m'),
    group,
    maxWaiting,
    tenants: options.tenants === undefined ? undefined : readTenantOptions(`queue ${options.name}`, options.tenants),
  });
}

/** Reads a duration of a definition and names the definition when it cannot. */
export function readDuration(what: string, input: DurationInput): DurationMs {
  try {
    return parseDuration(input);
  } catch (cause) {
    throw new DefinitionError(`${what}: ${(cause as Error).message}`, { cause });
  }
}

/** Reads how long something may run. */
export function readTimeout(what: string, input: DurationInput): DurationMs {
  const ms = readDuration(what, input);
  if (ms > 0 && ms <= longestTimerMs) return ms;
  throw new DefinitionError(`${what} must be above zero and at most 24 days, got ${JSON.stringify(input)}`);
}
