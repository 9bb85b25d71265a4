import { PermanentError, ThrottledError, TransientError } from 'bulwark';

/** What an HTTP status means for the call that got it. */
export type StatusVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'redirected' }
  | { readonly kind: 'transient' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'refused' };

/** Request Timeout and Too Early say by themselves that the same request may work later. */
const transientStatuses = new Set([408, 425]);

/** Decides what an answer means. Pure. `retryAfterMs` is what its `Retry-After` header asked for. */
export function decideStatus(status: number, retryAfterMs: number | undefined): StatusVerdict {
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status >= 300 && status < 400) return { kind: 'redirected' };
  if (status === 429) return { kind: 'throttled', retryAfterMs };
  if (transientStatuses.has(status) || (status >= 500 && status < 600)) {
    return retryAfterMs === undefined ? { kind: 'transient' } : { kind: 'throttled', retryAfterMs };
  }
  return { kind: 'refused' };
}

/** The error for a verdict that is not `accepted`; `what` starts its message, e.g. `hooks.example.org answered 503`. */
export function statusError(verdict: Exclude<StatusVerdict, { kind: 'accepted' }>, what: string): Error {
  switch (verdict.kind) {
    case 'transient':
      return new TransientError(what);
    case 'throttled':
      return verdict.retryAfterMs === undefined
        ? new ThrottledError(`${what} and asked for fewer calls`)
        : new ThrottledError(`${what} and asked to wait ${Math.ceil(verdict.retryAfterMs / 1000)} s`, {
            retryAfter: verdict.retryAfterMs,
          });
    case 'redirected':
      return new PermanentError(`${what}: redirects are not followed here; enqueue with the final URL`);
    case 'refused':
      return new PermanentError(`${what}: the same request would be refused again`);
  }
}
