import { ConfigError, type ConfigFault } from '../../config/config-error.js';
import type { Environment } from '../../config/env.js';

const exporters = ['otlp', 'console'] as const;

/** Where spans go. */
export type TraceExporter = (typeof exporters)[number];

/** Whether a process traces, and where its spans go. */
export type TracingPlan =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly exporters: readonly TraceExporter[] };

const off: TracingPlan = { kind: 'off' };
const endpointVariables = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
const protocolVariables = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];

/**
 * Reads from the standard variables of OpenTelemetry whether to trace. Pure. It takes an exporter or an endpoint: the default of the
 * standard, to send to localhost, would have every worker of the world look for a collector. What else they say, the SDK reads itself.
 *
 * @throws ConfigError for an exporter or a protocol that there is not.
 */
export function decideTracing(env: Environment): TracingPlan {
  if (wordIn(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return off;
  const named = wordIn(env, 'OTEL_TRACES_EXPORTER')
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (named?.every((word) => word === 'none')) return off;
  const hasEndpoint = endpointVariables.some((name) => wordIn(env, name) !== undefined);
  if (named === undefined && !hasEndpoint) return off;
  const chosen = [...new Set(named ?? ['otlp'])];
  const faults = [
    ...chosen.filter((word) => !isExporter(word)).map(exporterFault),
    ...(chosen.includes('otlp') ? protocolFaults(env) : []),
  ];
  if (faults.length > 0) throw new ConfigError(faults);
  return { kind: 'on', exporters: chosen.filter(isExporter) };
}

function isExporter(word: string): word is TraceExporter {
  return (exporters as readonly string[]).includes(word);
}

function exporterFault(value: string): ConfigFault {
  return { subject: 'OTEL_TRACES_EXPORTER', rule: 'must be otlp, console or none', value, origin: 'environment' };
}

/** A collector takes JSON where it takes protobuf, but gRPC has a port of its own. */
function protocolFaults(env: Environment): ConfigFault[] {
  const subject = protocolVariables.find((name) => wordIn(env, name) !== undefined);
  const value = subject === undefined ? undefined : wordIn(env, subject);
  if (subject === undefined || value === undefined || value.startsWith('http/')) return [];
  const rule = 'must be http/json or http/protobuf, and the endpoint the HTTP port of the collector, usually 4318';
  return [{ subject, rule, value, origin: 'environment' }];
}

function wordIn(env: Environment, name: string): string | undefined {
  const word = env[name]?.trim();
  return word === '' ? undefined : word;
}
