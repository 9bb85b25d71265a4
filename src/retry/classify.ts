import { networkCodes } from '../errors/network-codes.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import { type ErrorClass, errorClasses } from '../job/outcome.js';
import type { EpochMs } from '../time/duration.js';
import { errorChain } from './error-chain.js';
import { parseRetryAfter } from './retry-after.js';

/** Codes of the network, of undici, and of databases that say "not now", as opposed to "not ever". */
const transientCodes = new Set([
  ...networkCodes,
  'EBUSY',
  'EMFILE',
  'ENFILE',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
  'BULWARK_DEPENDENCY_TIMEOUT',
  'BULWARK_JOB_TIMEOUT',
  'BULWARK_REDIS_UNAVAILABLE',
  // PostgreSQL: serialization failure, deadlock, too many connections, shutdown, connection failures.
  '40001',
  '40P01',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08001',
  '08003',
  '08006',
  // MySQL and SQLite: deadlock, lock wait timeout, busy.
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'SQLITE_BUSY',
]);

const permanentCodes = new Set(['BULWARK_PAYLOAD_INVALID', 'BULWARK_PAYLOAD_TOO_LARGE', 'BULWARK_DEFINITION_INVALID']);

/**
 * Says what an error means for the job. Pure.
 *
 * In this order: what the kind's own `classify` says; an error that states its class; a code or HTTP status known out of the
 * box, in the error or in what caused it. Everything else is transient: an unknown failure is better tried again than given
 * up on. Whoever says that it may be tried again and not when, is held to the Retry-After that the other side sent.
 */
export function classifyError(
  error: unknown,
  now: EpochMs,
  ownRules?: (error: unknown) => ErrorVerdict | undefined,
): ErrorVerdict {
  const own = ownRules?.(error);
  const verdict = own && verdictOf(own.class, own.retryAfterMs);
  try {
    return withRetryAfter(verdict ?? knownVerdict(error, now) ?? { class: 'transient' }, error, now);
  } catch {
    // The error's own code threw while it was looked at: as unknown a failure as any.
    return verdict ?? { class: 'transient' };
  }
}

function knownVerdict(error: unknown, now: EpochMs): ErrorVerdict | undefined {
  for (const link of errorChain(error)) {
    const verdict = statedClass(link) ?? byCode(link) ?? byHttpStatus(link, now);
    if (verdict) return verdict;
  }
  return undefined;
}

/** An error of the handler's own often has the answer that asked for a wait as its cause. */
function withRetryAfter(verdict: ErrorVerdict, error: unknown, now: EpochMs): ErrorVerdict {
  const isRetried = verdict.class === 'transient' || verdict.class === 'throttled';
  if (!isRetried || verdict.retryAfterMs !== undefined) return verdict;
  for (const link of errorChain(error)) {
    const retryAfterMs = parseRetryAfter(retryAfterHeader(link), now);
    if (retryAfterMs !== undefined) return { ...verdict, retryAfterMs };
  }
  return verdict;
}

function statedClass(error: object): ErrorVerdict | undefined {
  const { errorClass, retryAfterMs, name } = error as { errorClass?: unknown; retryAfterMs?: unknown; name?: unknown };
  // BullMQ's own way to say it, so that handlers can move over unchanged.
  if (name === 'UnrecoverableError') return { class: 'permanent' };
  return verdictOf(errorClass, retryAfterMs);
}

/** What the code of users says is taken at its word as far as it makes sense; a wait of NaN would never be over. */
function verdictOf(errorClass: unknown, retryAfterMs: unknown): ErrorVerdict | undefined {
  if (!errorClasses.includes(errorClass as ErrorClass)) return undefined;
  const waits = typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) && retryAfterMs >= 0;
  return { class: errorClass as ErrorClass, ...(waits && { retryAfterMs }) };
}

function byCode(error: object): ErrorVerdict | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return undefined;
  if (transientCodes.has(code)) return { class: 'transient' };
  return permanentCodes.has(code) ? { class: 'permanent' } : undefined;
}

function byHttpStatus(error: object, now: EpochMs): ErrorVerdict | undefined {
  const status = httpStatusOf(error);
  if (status === undefined) return undefined;
  const retryAfterMs = parseRetryAfter(retryAfterHeader(error), now);
  if (status === 429) return { class: 'throttled', ...(retryAfterMs !== undefined && { retryAfterMs }) };
  if (status === 408 || status === 425 || (status >= 500 && status !== 501 && status !== 505)) {
    return retryAfterMs === undefined ? { class: 'transient' } : { class: 'throttled', retryAfterMs };
  }
  return { class: 'permanent' };
}

/** The HTTP status an error carries, the way axios, got, undici, fetch wrappers and SDKs carry it; undefined below 400. */
export function httpStatusOf(error: object): number | undefined {
  const { status, statusCode, response } = error as {
    status?: unknown;
    statusCode?: unknown;
    response?: { status?: unknown; statusCode?: unknown };
  };
  for (const candidate of [status, statusCode, response?.status, response?.statusCode]) {
    if (typeof candidate === 'number' && candidate >= 400 && candidate <= 599) return candidate;
  }
  return undefined;
}

function retryAfterHeader(error: object): unknown {
  const { headers, response } = error as { headers?: unknown; response?: { headers?: unknown } };
  return headerOf(headers) ?? headerOf(response?.headers);
}

/** Every HTTP client has its own class of headers; most have `get`, the rest are plain objects. */
function headerOf(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if ('get' in headers && typeof headers.get === 'function') return headers.get('retry-after');
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after');
  return named?.[1];
}
