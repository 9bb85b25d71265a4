import { errorMessage } from '../errors/error-message.js';
import { truncateUtf8 } from '../retry/error-report.js';

/** A result as it is stored, and a remark when it could not be stored as it was. */
export interface EncodedResult {
  readonly json: string;
  readonly remark?: string;
}

/** Longest remark: however it has to be escaped, it fits into the smallest result that can be allowed. */
const maxRemarkBytes = 150;

/**
 * Writes a handler's result as JSON. Pure.
 *
 * The work is done by then, so a result that is too large or cannot be written does not fail the job: it is replaced by a
 * small note that says so.
 */
export function encodeResult(value: unknown, maxBytes: number): EncodedResult {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    return dropped(`the result cannot be written as JSON: ${errorMessage(error)}`);
  }
  if (json === undefined) return { json: 'null' };
  const bytes = Buffer.byteLength(json);
  if (bytes <= maxBytes) return { json };
  return dropped(`the result has ${bytes} bytes, at most ${maxBytes} are kept`);
}

function dropped(why: string): EncodedResult {
  const remark = truncateUtf8(why, maxRemarkBytes);
  return { json: JSON.stringify({ bulwark: 'result_dropped', reason: remark }), remark };
}
