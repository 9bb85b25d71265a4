import { describe, expect, it } from 'vitest';
import { decideTracing } from '../../../../src/telemetry/tracing/decide-tracing.js';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('decideTracing', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['nothing is said', {}],
    ['only a service is named', { OTEL_SERVICE_NAME: 'shop' }],
    ['an endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['the SDK is disabled', { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }],
    ['the exporter is none', { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }],
    [
      'it is switched off, whatever the protocol',
      { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    ],
  ])('traces nothing when %s', (_what, env) => {
    expect(decideTracing(env)).toEqual({ kind: 'off' });
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['an endpoint', endpoint, ['otlp']],
    ['an endpoint for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, ['otlp']],
    ['an exporter', { OTEL_TRACES_EXPORTER: 'otlp' }, ['otlp']],
    ['an exporter that is not the default', { ...endpoint, OTEL_TRACES_EXPORTER: 'console' }, ['console']],
    ['two exporters', { OTEL_TRACES_EXPORTER: 'otlp, console,otlp' }, ['otlp', 'console']],
    [
      'a protocol that a collector takes beside JSON',
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
      ['otlp'],
    ],
    [
      'a protocol that does not matter',
      { OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      ['console'],
    ],
    ['an SDK that is not disabled', { ...endpoint, OTEL_SDK_DISABLED: 'false' }, ['otlp']],
  ])('traces with %s', (_what, env, exporters) => {
    expect(decideTracing(env)).toEqual({ kind: 'on', exporters });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'an exporter that there is not',
      { OTEL_TRACES_EXPORTER: 'zipkin' },
      /OTEL_TRACES_EXPORTER must be otlp.*got zipkin/,
    ],
    [
      'gRPC',
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      /OTEL_EXPORTER_OTLP_PROTOCOL must be http.*4318.*got grpc/,
    ],
    [
      'gRPC for traces',
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
      /OTEL_EXPORTER_OTLP_TRACES_PROTOCOL/,
    ],
  ])('refuses %s, and says what there is', (_what, env, message) => {
    expect(() => decideTracing(env)).toThrow(message);
  });
});
