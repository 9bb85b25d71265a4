import { errorMessage } from '../errors/error-message.js';
import { StepResultError } from './step-errors.js';

/** Stands for undefined, which JSON has no word for. */
const nothing = '';

/**
 * Writes a step's result as it is remembered. Pure.
 *
 * @throws StepResultError when JSON cannot hold it: a function, a symbol, a bigint, something that contains itself.
 */
export function encodeStepResult(step: string, value: unknown): string {
  if (value === undefined) return nothing;
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new StepResultError(step, `its result cannot be written as JSON: ${errorMessage(cause)}`, { cause });
  }
  if (json === undefined) throw new StepResultError(step, `its result, a ${typeof value}, cannot be written as JSON`);
  return json;
}

/** Reads a result back. */
export function decodeStepResult(json: string): unknown {
  return json === nothing ? undefined : JSON.parse(json);
}
