import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { context } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { within } from '../../time/deadline.js';
import type { Role } from '../role.js';
import { bulwarkVersion } from '../version.js';
import type { TraceExporter } from './decide-tracing.js';
import { FollowedContexts } from './followed-contexts.js';
import { logSdkComplaints } from './sdk-log.js';
import { isTracing } from './tracer.js';
import { TracingMissingError } from './tracing-missing-error.js';

/** The tracing of a process. */
export interface Tracing {
  /** Sends what has not been sent, for a second at most. */
  stop(): Promise<void>;
}

/** Where nobody traces, or somebody else sees to it. */
const noTracing: Tracing = { stop: async () => undefined };

/** Longest wait for a collector when the process ends: the work is done, and what is lost is only its picture. */
const flushMs = 1_000;

/**
 * Registers the OpenTelemetry SDK for this process. What the standard variables say of sampling, endpoints, headers, limits and batches it
 * reads itself. Spans wait in a queue of bounded size, 2048 unless OTEL_BSP_MAX_QUEUE_SIZE says else; beyond that they are dropped.
 *
 * A program that has registered an SDK of its own keeps it.
 *
 * @throws TracingMissingError when the packages are not installed.
 */
export async function startTracing(exporters: readonly TraceExporter[], role: Role, log: Logger): Promise<Tracing> {
  if (isTracing()) {
    log.info('tracing.provided');
    return noTracing;
  }
  const { sdk, otlp, resources, contexts } = await loadSdk();
  logSdkComplaints(log, () => performance.now());
  const resource = resources
    .resourceFromAttributes({
      'service.name': `bulwark-${role}`,
      'service.version': bulwarkVersion,
      'service.instance.id': randomUUID(),
      'host.name': hostname(),
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'process.runtime.version': process.versions.node,
    })
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const make = { otlp: () => new otlp.OTLPTraceExporter(), console: () => new sdk.ConsoleSpanExporter() };
  const spanProcessors = exporters.map((exporter) => new sdk.BatchSpanProcessor(make[exporter]()));
  const provider = new sdk.NodeTracerProvider({ resource, spanProcessors });
  const followed = new FollowedContexts(new contexts.AsyncLocalStorageContextManager());
  // Somebody may follow contexts and not trace.
  if (context.setGlobalContextManager(followed)) followed.enable();
  provider.register({ contextManager: null });
  log.info({ exporters }, 'tracing.started');
  return {
    stop: async () => {
      await within(flushMs, provider.shutdown());
    },
  };
}

async function loadSdk() {
  try {
    const [sdk, otlp, resources, contexts] = await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/context-async-hooks'),
    ]);
    return { sdk, otlp, resources, contexts };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new TracingMissingError(sdkPackages, error);
  }
}

const sdkPackages = [
  '@opentelemetry/sdk-trace-node',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/context-async-hooks',
];
