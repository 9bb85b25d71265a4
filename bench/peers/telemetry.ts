import type { CreateWorkerOptions } from 'bulwark';
import { pino } from 'pino';
import { metricTable } from '../../src/telemetry/metric-table.js';
import { decideTracing } from '../../src/telemetry/tracing/decide-tracing.js';
import { startTracing } from '../../src/telemetry/tracing/start-tracing.js';

/** Set to `none` for a process that counts nothing. */
export const metricsVariable = 'MEASURED_METRICS';

/** Traces where the environment of this process asks for it, as the processes of a pool do. */
export async function startTelemetry(role: 'worker' | 'producer'): Promise<void> {
  const plan = decideTracing(process.env);
  if (plan.kind === 'on') await startTracing(plan.exporters, role, pino({ level: 'silent' }));
}

/** Metrics that count nothing, where the environment says so. */
export function chosenMetrics(): Pick<CreateWorkerOptions, 'metrics'> {
  if (process.env[metricsVariable] !== 'none') return {};
  const ignore = (): void => undefined;
  const nothing = { inc: ignore, set: ignore, observe: ignore, clear: ignore };
  const instruments = Object.fromEntries(Object.keys(metricTable).map((name) => [name, nothing]));
  const page = { contentType: 'text/plain', render: async () => '' };
  return { metrics: { ...instruments, ...page } as NonNullable<CreateWorkerOptions['metrics']> };
}
