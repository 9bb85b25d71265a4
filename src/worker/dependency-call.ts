import type { DependencyDefinition } from '../job/define-dependency.js';
import type { CallOptions } from '../job/job-context.js';
import { markFailedDependency } from '../retry/failed-dependency.js';
import type { Metrics } from '../telemetry/metrics.js';
import { longestTimerMs, parseDuration } from '../time/duration.js';
import { DependencyTimeoutError } from './dependency-timeout-error.js';

/**
 * Calls something outside under its timeout, as part of a job. The call ends when `fn` does, when the timeout is over, or when
 * the job is aborted, whichever comes first; `fn` is told by its signal and is not waited for after that.
 *
 * @throws DependencyTimeoutError after the timeout; the job's abort reason; whatever `fn` throws.
 */
export async function callDependency<T>(
  dependency: DependencyDefinition,
  fn: (signal: AbortSignal) => Promise<T> | T,
  options: CallOptions,
  jobSignal: AbortSignal,
  metrics: Metrics,
): Promise<T> {
  jobSignal.throwIfAborted();
  const asked = options.timeout === undefined ? dependency.timeoutMs : parseDuration(options.timeout);
  const timeoutMs = Math.min(asked, longestTimerMs);
  const startedAt = performance.now();
  const call = new AbortController();
  const timer = setTimeout(() => call.abort(new DependencyTimeoutError(dependency.name, timeoutMs)), timeoutMs);
  const abortWithJob = () => call.abort(jobSignal.reason);
  jobSignal.addEventListener('abort', abortWithJob, { once: true });
  let result: 'ok' | 'error' | 'timeout' = 'ok';
  try {
    return await Promise.race([
      (async () => fn(call.signal))(),
      new Promise<never>((_, reject) => {
        call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true });
      }),
    ]);
  } catch (error) {
    result = call.signal.reason instanceof DependencyTimeoutError ? 'timeout' : 'error';
    // An aborted fn may throw its own AbortError first; the reason of the abort says more.
    const thrown = call.signal.aborted ? call.signal.reason : error;
    if (!jobSignal.aborted) markFailedDependency(thrown, dependency.name);
    throw thrown;
  } finally {
    clearTimeout(timer);
    jobSignal.removeEventListener('abort', abortWithJob);
    metrics.dependencyCall.observe({ dependency: dependency.name, result }, (performance.now() - startedAt) / 1000);
  }
}
