import type { Logger } from 'pino';
import type { ResolvedHttpOptions } from '../../config/option-types.js';
import type { HealthCheck } from '../../telemetry/health.js';
import type { HttpMount, HttpRoute } from '../../telemetry/http-answer.js';
import { createHttpServer, type HttpServer } from '../../telemetry/http-server.js';
import type { MetricsPage } from '../../telemetry/metrics.js';
import { PortTakenError } from '../../telemetry/port-taken-error.js';
import { pause } from '../../time/clock.js';
import type { StopManner } from './run-until-stopped.js';

/** The HTTP server of a process, or nothing where it is switched off. */
export interface Window {
  /** Answers where it listens, or soon will; null when it does not. Throws PortTakenError. */
  open(): Promise<string | null>;
  /** Tells probes that the process is about to end, or closes at once where the successor is to answer them. */
  drain(how: StopManner): void;
  close(): Promise<void>;
}

export interface WindowParts {
  readonly metrics: MetricsPage;
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly routes?: Readonly<Record<string, HttpRoute>>;
  readonly mounts?: Readonly<Record<string, HttpMount>>;
  readonly log: Logger;
  /** Whether another process has the port, and lets go of it as soon as this one is ready. */
  readonly takesOver: boolean;
}

/** How often a successor tries its port: nobody answers there for about as long. */
const takeOverPaceMs = 25;
/** A predecessor lets go at once, and is killed when it does not: whoever has the port after this long is somebody else. */
const takeOverAlarmMs = 60_000;

/** Makes the port of a process, which opens nothing where the configuration wants none. */
export function createWindow({ enabled, host, port }: ResolvedHttpOptions, parts: WindowParts): Window {
  if (!enabled) return { open: async () => null, drain: () => undefined, close: async () => undefined };
  const { takesOver, log } = parts;
  const server = createHttpServer({ host, port, ...parts });
  const closing = new AbortController();
  const address = (bound: number) => `http://${reachable(host)}:${bound}`;
  const close = () => {
    closing.abort();
    return server.stop();
  };
  return {
    async open() {
      try {
        return address((await server.start()).port);
      } catch (error) {
        if (!takesOver || !(error instanceof PortTakenError)) throw error;
        void listenWhenFree(server, closing.signal, log);
        return address(port);
      }
    },
    drain({ handOver }) {
      if (handOver) void close();
      else server.drain();
    },
    close,
  };
}

/** A worker whose port stays taken works on: to end it for its window would cost jobs. */
async function listenWhenFree(server: HttpServer, signal: AbortSignal, log: Logger): Promise<void> {
  for (let waitedMs = 0; !signal.aborted; waitedMs += takeOverPaceMs) {
    await pause(takeOverPaceMs, signal);
    if (signal.aborted) return;
    try {
      await server.start();
      return;
    } catch (err) {
      if (waitedMs % takeOverAlarmMs === 0 && waitedMs > 0) log.error({ err }, 'http.port_not_free');
    }
  }
}

/** An address one can open in a browser: one that listens everywhere is reached by the loopback address, too. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
