import { anything, aText, type OptionShapes } from '../errors/option-faults.js';
import { assertOptions } from '../job/assert-options.js';
import { type DurationInput, parseDuration } from '../time/duration.js';

export interface EnqueueOptions {
  /**
   * Makes the job's identity: the same key and payload again give the same job, however long that one is kept itself, as long as the key
   * is remembered (option `job.keepKeys`). A job that was given up after its attempts, or called off, frees its key. Default: the kind's own.
   */
  readonly key?: string;
  /** On whose behalf. Keys of different tenants never meet. */
  readonly tenant?: string;
  /** Start no sooner than this from now. */
  readonly delay?: DurationInput;
  /** Not worth doing after this long from now. Default: always worth doing. */
  readonly expiresIn?: DurationInput;
  /**
   * Order inside the queue: 0 goes first, then 1, 2, 3 … up to 2097151. For importance use queues of different criticality.
   * @defaultValue 0
   */
  readonly priority?: number;
  /** W3C trace context that the job belongs to. Default: the one that is active when it is enqueued. */
  readonly traceparent?: string;
  /**
   * What to do while jobs of the queue are refused because there is too much to do: throw a JobShedError at once, or wait until they are taken
   * again, for as long as `producer.shedWait` says.
   * @defaultValue 'fail'
   */
  readonly whenShed?: 'fail' | 'wait';
}

/** Largest priority of BullMQ: beyond it the order of the queue breaks. */
const lowestPriority = 2_097_151;

/** What stands as `anything` is checked where it is read. */
const enqueueShapes: OptionShapes<EnqueueOptions> = {
  key: aText,
  tenant: aText,
  delay: anything,
  expiresIn: anything,
  priority: anything,
  traceparent: aText,
  whenShed: anything,
};

/** What is wanted of jobs beside their payload, as it was read. */
export interface EnqueueWishes {
  readonly key: string | undefined;
  readonly tenant: string | undefined;
  readonly traceparent: string | undefined;
  readonly delayMs: number;
  readonly expiresInMs: number | undefined;
  readonly priority: number;
  readonly whenShed: 'fail' | 'wait';
}

/**
 * Reads what is wanted of so many jobs. Pure.
 *
 * @throws DefinitionError for an option that is unknown or of the wrong type; RangeError for a value outside of its range.
 */
export function readEnqueueOptions(options: EnqueueOptions, payloads: number): EnqueueWishes {
  assertOptions('enqueue', options, enqueueShapes);
  const { key, tenant, traceparent, delay, expiresIn, priority = 0, whenShed = 'fail' } = options;
  if (!Number.isInteger(priority) || priority < 0 || priority > lowestPriority) {
    throw new RangeError(`priority must be a whole number from 0 (first) to ${lowestPriority}, got ${priority}`);
  }
  if (whenShed !== 'fail' && whenShed !== 'wait') {
    throw new RangeError(`whenShed must be 'fail' or 'wait', got ${JSON.stringify(whenShed)}`);
  }
  if (key !== undefined && payloads > 1) {
    throw new RangeError(
      `one key for ${payloads} payloads would make one job of them; give the kind an idempotencyKey, or enqueue them one by one`,
    );
  }
  return {
    key,
    tenant,
    traceparent,
    delayMs: delay === undefined ? 0 : parseDuration(delay),
    expiresInMs: expiresIn === undefined ? undefined : parseDuration(expiresIn),
    priority,
    whenShed,
  };
}
