import type { Logger } from 'pino';
import type { ResolvedHttpOptions } from '../../config/option-types.js';
import type { HealthCheck } from '../../telemetry/health.js';
import { createHttpServer } from '../../telemetry/http-server.js';
import type { MetricsPage } from '../../telemetry/metrics.js';

/** The HTTP server of a process, or nothing where it is switched off. */
export interface Window {
  /** Answers where it listens, null when it does not. Throws PortTakenError. */
  open(): Promise<string | null>;
  /** Tells probes that the process is about to end. */
  drain(): void;
  close(): Promise<void>;
}

export function createWindow(
  { enabled, host, port }: ResolvedHttpOptions,
  parts: {
    readonly metrics: MetricsPage;
    readonly checks: Readonly<Record<string, HealthCheck>>;
    readonly log: Logger;
  },
): Window {
  if (!enabled) return { open: async () => null, drain: () => undefined, close: async () => undefined };
  const server = createHttpServer({ host, port, ...parts });
  return {
    async open() {
      const { port: bound } = await server.start();
      return `http://${reachable(host)}:${bound}`;
    },
    drain: () => server.drain(),
    close: () => server.stop(),
  };
}

/** An address one can open in a browser: one that listens everywhere is reached by the loopback address, too. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
