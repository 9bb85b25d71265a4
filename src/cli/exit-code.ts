import { constants } from 'node:os';
import { isBulwarkError } from '../errors/bulwark-error.js';
import type { ErrorCode } from '../errors/codes.js';

/** What the exit code of every command says. A command that a signal ended early exits with 128 + the signal's number. */
export const exitCodes = {
  /** Done, or nothing found. */
  done: 0,
  /** Found a problem, or refused. */
  problem: 1,
  /** Used wrongly: trying the same again cannot help. */
  usage: 2,
  /** Redis could not be reached. */
  unreachable: 3,
} as const;

const codesOfErrors: Readonly<Partial<Record<ErrorCode, number>>> = {
  BULWARK_CONFIG_INVALID: exitCodes.usage,
  BULWARK_DEFINITION_INVALID: exitCodes.usage,
  BULWARK_KIND_UNKNOWN: exitCodes.usage,
  BULWARK_PAYLOAD_INVALID: exitCodes.usage,
  BULWARK_PAYLOAD_TOO_LARGE: exitCodes.usage,
  BULWARK_PORT_TAKEN: exitCodes.usage,
  BULWARK_QUEUE_UNKNOWN: exitCodes.usage,
  BULWARK_USAGE_INVALID: exitCodes.usage,
  BULWARK_REDIS_UNAVAILABLE: exitCodes.unreachable,
};

/** The exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): number {
  return (isBulwarkError(error) ? codesOfErrors[error.code] : undefined) ?? exitCodes.problem;
}

/** The exit code of a process that a signal ended early. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
