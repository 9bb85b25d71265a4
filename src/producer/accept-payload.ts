import { errorMessage } from '../errors/error-message.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import { PayloadInvalidError, PayloadTooLargeError, validatePayload } from '../job/payload.js';
import { plainCopy } from './plain-copy.js';

/** A payload that is fit to be written. */
export interface AcceptedPayload {
  readonly payload: unknown;
  /** Undefined as long as the payload is a copy that can be written at any time: ask `payloadJsonOf`. */
  readonly payloadJson: string | undefined;
  /** Of the job that is made of it. */
  readonly key: string | undefined;
}

export interface AcceptOptions {
  /** The key that its producer gave it. Default: the one that the kind makes of it. */
  readonly key: string | undefined;
  readonly maxPayloadBytes: number;
}

/** What is written of an accepted payload. */
export function payloadJsonOf({ payload, payloadJson }: AcceptedPayload): string {
  return payloadJson ?? JSON.stringify(payload);
}

/**
 * Checks a payload and makes it fit to be written; a promise only when its schema takes its time.
 *
 * @param index - which of many it is; undefined when it is alone.
 * @throws PayloadInvalidError with the path of every fault, PayloadTooLargeError; the promise rejects with them.
 */
export function acceptPayload(
  job: AnyJobDefinition,
  payload: unknown,
  options: AcceptOptions,
  index: number | undefined,
): AcceptedPayload | Promise<AcceptedPayload> {
  const refuse = (error: unknown): never => {
    if (index === undefined || !(error instanceof PayloadInvalidError)) throw error;
    throw new PayloadInvalidError(job.kind, error.faults, ` at index ${index}`);
  };
  let checked: unknown;
  try {
    checked = validatePayload(job.kind, job.payload, payload);
  } catch (error) {
    refuse(error);
  }
  const accept = index === undefined ? acceptWritten : acceptCopy;
  if (!(checked instanceof Promise)) return accept(job, payload, checked, options);
  return checked.then((output: unknown) => accept(job, payload, output, options), refuse);
}

/**
 * Redis gets the first of many only when all are checked, and would have to wait until all are JSON as well. Where that cannot fail it may
 * come later, of a copy: what was checked is what is written.
 */
function acceptCopy(
  job: AnyJobDefinition,
  payload: unknown,
  checked: unknown,
  options: AcceptOptions,
): AcceptedPayload {
  const copy = plainCopy(payload, options.maxPayloadBytes);
  if (copy === undefined) return acceptWritten(job, payload, checked, options);
  return { payload: copy, payloadJson: undefined, key: options.key ?? job.idempotencyKey?.(checked) };
}

function acceptWritten(
  job: AnyJobDefinition,
  payload: unknown,
  checked: unknown,
  { key, maxPayloadBytes }: AcceptOptions,
): AcceptedPayload {
  // What is written is what the producer gave: the worker's schema fills in defaults, so that they can change later.
  const payloadJson = encodePayload(job.kind, payload);
  // No character takes more than three bytes, so that most need not be counted.
  const bytes = payloadJson.length * 3 > maxPayloadBytes ? Buffer.byteLength(payloadJson) : 0;
  if (bytes > maxPayloadBytes) throw new PayloadTooLargeError(job.kind, bytes, maxPayloadBytes);
  return { payload, payloadJson, key: key ?? job.idempotencyKey?.(checked) };
}

function encodePayload(kind: string, payload: unknown): string {
  try {
    return JSON.stringify(payload) ?? 'null';
  } catch (error) {
    throw new PayloadInvalidError(kind, [{ path: '', message: `cannot be written as JSON: ${errorMessage(error)}` }]);
  }
}
