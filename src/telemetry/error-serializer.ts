import { withoutUrlPasswords } from './redaction.js';

/** An error as a log line shows it. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

const maxMessageLength = 2_000;
const maxStackLength = 8_000;
const maxCauses = 4;

/**
 * Writes an error into a log line: name, message, code, stack and causes, each bounded, URL passwords blanked.
 *
 * Nothing else of it: libraries hang whole requests, with headers and bodies, on their errors.
 */
export function serializeError(error: unknown): LoggedError {
  return describe(error, maxCauses);
}

function describe(error: unknown, causesLeft: number): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: shorten(String(error), maxMessageLength) };
  const code = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: shorten(error.message, maxMessageLength),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: shorten(error.stack, maxStackLength) }),
    ...(error.cause === undefined || causesLeft === 0 ? {} : { cause: describe(error.cause, causesLeft - 1) }),
  };
}

function shorten(text: string, maxLength: number): string {
  // Cut before looking for passwords, so that a huge text costs no more than a bounded one; cut generously, so that no
  // password straddles the end.
  const safe = withoutUrlPasswords(text.slice(0, maxLength + 500));
  return safe.length <= maxLength ? safe : `${safe.slice(0, maxLength)}… (${text.length} characters)`;
}
