import { PermanentError, ThrottledError, TransientError } from 'bulwark';

/**
 * Says what a failed HTTP call means for the job.
 *
 * - After an abort the error passes as it is: who aborted (timeout, cancel, shutdown) knows what it means.
 * - An error that already carries its meaning passes too.
 * - A private address is final.
 * - All else (refused or reset connections, name resolution, TLS) is the network, which may be better next time.
 */
export function callError(error: unknown, host: string, signal: AbortSignal): unknown {
  if (signal.aborted || hasVerdict(error)) return error;
  const code = codeOf(error);
  if (code === 'PRIVATE_ADDRESS') {
    return new PermanentError(
      `${(error as Error).message}; only public addresses are called, unless the kind's ALLOW_PRIVATE setting says otherwise`,
      { cause: error },
    );
  }
  return new TransientError(`${host} could not be reached: ${code ?? String(error)}`, { cause: error });
}

function hasVerdict(error: unknown): boolean {
  return error instanceof PermanentError || error instanceof ThrottledError || error instanceof TransientError;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
