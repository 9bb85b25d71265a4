/** A result as it is stored, and a remark when it could not be stored as it was. */
export interface EncodedResult {
  readonly json: string;
  readonly remark?: string;
}

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
    const remark = `the result cannot be written as JSON: ${(error as Error).message}`;
    return { json: JSON.stringify({ bulwark: 'result_dropped', reason: remark }), remark };
  }
  if (json === undefined) return { json: 'null' };
  const bytes = Buffer.byteLength(json);
  if (bytes <= maxBytes) return { json };
  const remark = `the result has ${bytes} bytes, at most ${maxBytes} are kept`;
  return { json: JSON.stringify({ bulwark: 'result_dropped', reason: remark }), remark };
}
