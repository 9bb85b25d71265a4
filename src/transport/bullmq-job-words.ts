import { type JobJson, optsEncodeMap } from 'bullmq';
import type { JobWords, RunWords } from './job-words.js';

/** A job as BullMQ's classes hand it over; what does not come from them may lack the rest. */
type AddedJob = Pick<JobJson, 'name' | 'data' | 'opts' | 'timestamp'>;

/**
 * The words of a job that BullMQ's classes add, as BullMQ's own scripts would write them.
 *
 * @throws TypeError when an option is no number that can be kept, such as NaN.
 */
export function jobWords(job: AddedJob, id: string | undefined): JobWords {
  const opts = encodeOptions(job.opts);
  const { delay, priority } = opts;
  const place = placeOf(opts);
  if (place === 'delayed') finite('timestamp', Number(job.timestamp));
  const optsJson = JSON.stringify(opts);
  // An id of its own stands in the options, too.
  const isNumbered = id === undefined || id === '';
  return {
    id: id ?? '',
    dataJson: job.data,
    ownOptsJson: isNumbered ? '' : optsJson,
    fingerprint: '',
    common: {
      name: String(job.name),
      optsHead: isNumbered ? optsJson : '',
      optsTail: '',
      timestamp: job.timestamp,
      delay: String(delay || 0),
      priority: String(priority || 0),
      place,
      share: '',
    },
  };
}

type EncodedOptions = Readonly<Record<string, unknown>>;

function placeOf({ delay, priority, lifo }: EncodedOptions): RunWords['place'] {
  if (typeof delay === 'number' && delay > 0) return 'delayed';
  if (priority) return 'prioritized';
  // BullMQ asks in Lua, where only false and nil are not true.
  return lifo === undefined || lifo === false ? 'last' : 'first';
}

const shortNames: Readonly<Record<string, string>> = optsEncodeMap;

/** BullMQ's short names, and telemetry as two options. */
function encodeOptions({ telemetry, ...options }: JobJson['opts']): EncodedOptions {
  const encoded: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const kept = storable(name, value);
    if (kept !== undefined) encoded[shortNames[name] ?? name] = kept;
  }
  if (telemetry?.metadata !== undefined) encoded['tm'] = telemetry.metadata;
  if (telemetry?.omitContext !== undefined) encoded['omc'] = telemetry.omitContext;
  return encoded;
}

/** A value as it can be kept: without nothings, which BullMQ's scripts do not keep either. */
function storable(name: string, value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value === 'number') return finite(name, value);
  if (typeof value !== 'object' || 'toJSON' in value) return value;
  if (Array.isArray(value)) return value.map((item) => storable(name, item));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, storable(`${name}.${key}`, item)]));
}

function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new TypeError(`the job option ${name} is ${value}, expected a finite number`);
}
