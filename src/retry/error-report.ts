import { inspect } from 'node:util';
import { fingerprintOf } from '../dead-letter/fingerprint.js';
import { errorMessage } from '../errors/error-message.js';
import type { ErrorClass, ErrorReport } from '../job/outcome.js';
import { withoutUrlPasswords } from '../telemetry/redaction.js';
import { httpStatusOf } from './classify.js';

export interface ReportLimits {
  readonly maxErrorBytes: number;
  readonly maxStackBytes: number;
}

/** Names and codes are words; what is longer is a mistake. */
const maxWordBytes = 100;

/** Turns anything that was thrown into what is stored and shown: bounded, URL passwords blanked, and never failing itself. Pure. */
export function reportError(error: unknown, errorClass: ErrorClass, limits: ReportLimits): ErrorReport {
  const name = truncateUtf8(quietly(() => nameOf(error)) ?? 'Error', maxWordBytes);
  const message = safeText(quietly(() => messageOf(error)) ?? errorMessage(error), limits.maxErrorBytes);
  const code = quietly(() => codeOf(error));
  const stack = quietly(() => stackOf(error));
  return {
    class: errorClass,
    name,
    ...(code !== undefined && { code: truncateUtf8(code, maxWordBytes) }),
    message,
    ...(stack !== undefined && { stack: safeText(stack, limits.maxStackBytes) }),
    fingerprint: fingerprintOf(name, code, message),
  };
}

/**
 * Bounds a text and blanks the passwords of URLs in it. Cut before looking for passwords, so that a huge text costs no more
 * than a bounded one; cut generously, so that no password straddles the end.
 */
function safeText(text: string, maxBytes: number): string {
  return truncateUtf8(withoutUrlPasswords(text.slice(0, maxBytes + 500)), maxBytes);
}

/** Reads from a thrown value; its own code may throw while it is read, and then there is nothing to read. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error && typeof error.name === 'string' ? error.name : undefined;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return typeof error === 'string' ? error : `thrown value: ${inspect(error, { depth: 1, breakLength: Infinity })}`;
  }
  const cause = quietly(() => (error.cause instanceof Error ? String(error.cause.message) : ''));
  return `${String(error.message)}${cause ? ` (caused by: ${cause})` : ''}`;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error && typeof error.stack === 'string' ? error.stack : undefined;
}

function codeOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' || typeof code === 'number') return String(code);
  const status = httpStatusOf(error);
  if (status !== undefined) return `HTTP ${status}`;
  return cause === undefined ? undefined : codeOf(cause, depth + 1);
}

const cutMark = '… (cut)';
const cutMarkBytes = Buffer.byteLength(cutMark);

/**
 * Cuts a text to a number of bytes without splitting a character. What comes out is well-formed: half a surrogate pair, as a
 * careless `slice` leaves it in many a message, is replaced, because the JSON decoder inside Redis refuses it.
 */
export function truncateUtf8(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.slice(0, maxBytes + 1));
  if (bytes.length <= maxBytes) return bytes.toString('utf8');
  const mark = maxBytes < cutMarkBytes ? '' : cutMark;
  let end = maxBytes - Buffer.byteLength(mark);
  while (end > 0 && isContinuation(bytes[end])) end -= 1;
  return `${bytes.toString('utf8', 0, end)}${mark}`;
}

/** A byte inside a character of UTF-8, as opposed to its first. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
