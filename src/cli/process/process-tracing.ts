import type { Logger } from 'pino';
import { processEnvironment } from '../../config/env.js';
import type { Role } from '../../telemetry/role.js';
import { decideTracing } from '../../telemetry/tracing/decide-tracing.js';
import type { Tracing } from '../../telemetry/tracing/start-tracing.js';

/**
 * Does a process's work with its traces on, where the OTEL_* variables ask for them, and sends the last ones when it has ended.
 *
 * @throws ConfigError, TracingMissingError.
 */
export async function whileTracing<T>(role: Role, log: Logger, work: () => Promise<T>): Promise<T> {
  const plan = decideTracing(processEnvironment());
  // The SDK is large, and loaded by nobody who does not trace.
  if (plan.kind === 'off') return work();
  const { startTracing } = await import('../../telemetry/tracing/start-tracing.js');
  const tracing: Tracing = await startTracing(plan.exporters, role, log);
  try {
    return await work();
  } finally {
    await tracing.stop();
  }
}
