import { inspect } from 'node:util';
import { fingerprintOf } from '../dead-letter/fingerprint.js';
import type { ErrorClass, ErrorReport } from '../job/outcome.js';
import { httpStatusOf } from './classify.js';

export interface ReportLimits {
  readonly maxErrorBytes: number;
  readonly maxStackBytes: number;
}

/** Turns anything that was thrown into what is stored and shown: bounded, and never failing itself. Pure. */
export function reportError(error: unknown, errorClass: ErrorClass, limits: ReportLimits): ErrorReport {
  const name = error instanceof Error && typeof error.name === 'string' ? error.name.slice(0, 100) : 'Error';
  const message = truncateUtf8(messageOf(error), limits.maxErrorBytes);
  const code = codeOf(error);
  const stack =
    error instanceof Error && typeof error.stack === 'string'
      ? truncateUtf8(error.stack, limits.maxStackBytes)
      : undefined;
  return {
    class: errorClass,
    name,
    ...(code !== undefined && { code }),
    message,
    ...(stack !== undefined && { stack }),
    fingerprint: fingerprintOf(name, code, message),
  };
}

function messageOf(error: unknown): string {
  if (error instanceof Error) {
    const cause =
      error.cause instanceof Error && error.cause.message !== '' ? ` (caused by: ${error.cause.message})` : '';
    return `${error.message}${cause}`;
  }
  return typeof error === 'string' ? error : `thrown value: ${inspect(error, { depth: 1, breakLength: Infinity })}`;
}

function codeOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' || typeof code === 'number') return String(code).slice(0, 100);
  const status = httpStatusOf(error);
  if (status !== undefined) return `HTTP ${status}`;
  return cause === undefined ? undefined : codeOf(cause, depth + 1);
}

/** Cuts a text to a number of bytes without splitting a character. */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const mark = '… (cut)';
  const bytes = Buffer.from(text).subarray(0, Math.max(0, maxBytes - Buffer.byteLength(mark)));
  return `${bytes.toString('utf8').replace(/\uFFFD+$/, '')}${mark}`;
}
