import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { within } from '../time/deadline.js';
import { type HealthCheck, Readiness } from './health.js';
import { type HttpAnswer, type HttpMount, type HttpRoute, jsonAnswer } from './http-answer.js';
import type { MetricsPage } from './metrics.js';
import { PortTakenError } from './port-taken-error.js';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free one; `start` says which. */
  readonly port: number;
  readonly metrics: MetricsPage;
  /** What must hold for the process to be ready, by name. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  /** What else there is to ask for, by the path that it lies below: `/autoscale/v1/`. */
  readonly routes?: Readonly<Record<string, HttpRoute>>;
  /** What answers by itself, by the path that it lies at and below: `/board`. */
  readonly mounts?: Readonly<Record<string, HttpMount>>;
  readonly log: Logger;
}

/** The window into a running process for scrapers, probes and people. */
export interface HttpServer {
  /**
   * Listens. Safe to call twice, and again after it failed.
   *
   * @throws PortTakenError when another program has the port.
   */
  start(): Promise<{ readonly port: number }>;
  /** Makes `/readyz` answer 503 from now on, while everything else goes on. For the time between the first signal and the end. */
  drain(): void;
  /** Resolves when nothing listens and no connection is left; takes at most half a second. Safe before `start`. */
  stop(): Promise<void>;
}

/** Nobody who asks here needs longer, and a slow client must not hold a socket. */
const requestDeadlineMs = 5_000;
const keepAliveMs = 5_000;
const maxConnections = 64;
const stopGraceMs = 500;

/**
 * Serves `/metrics`, `/livez`, `/readyz` and its alias `/healthz` over plain HTTP.
 *
 * `/livez` never looks at Redis or anything else outside: an answer at all proves that the event loop turns, and restarting
 * a process does not repair what it depends on. `/readyz` runs the checks.
 */
export function createHttpServer({
  host,
  port,
  metrics,
  checks,
  routes: below = {},
  mounts = {},
  log,
}: HttpServerOptions): HttpServer {
  const readiness = new Readiness(checks);
  const routes: Routes = {
    ...below,
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.render() }),
    '/livez': async () => jsonAnswer(200, { status: 'alive', uptimeSeconds: Math.round(process.uptime()) }),
    '/readyz': () => readinessAnswer(readiness),
    '/healthz': () => readinessAnswer(readiness),
  };

  const server = createServer((request, response) => {
    const mount = mountFor(request, mounts);
    if (mount) {
      mount(request, response).catch((error: unknown) => {
        log.error({ err: error, path: pathOf(request) }, 'http.failed');
        response.destroy();
      });
      return;
    }
    void answerTo(request, routes)
      .catch((error: unknown) => {
        log.error({ err: error, path: request.url }, 'http.failed');
        return jsonAnswer(500, { error: 'internal error; the log has the details' });
      })
      .then((answer) => write(request, response, answer));
  });
  server.requestTimeout = requestDeadlineMs;
  server.headersTimeout = requestDeadlineMs;
  server.keepAliveTimeout = keepAliveMs;
  server.maxConnections = maxConnections;

  let started: Promise<{ readonly port: number }> | undefined;
  return {
    start: () => {
      started ??= listen(server, host, port, log).catch((error: unknown) => {
        started = undefined;
        throw error;
      });
      return started;
    },
    drain: () => readiness.drain(),
    stop: async () => {
      // A start that failed has said so to whoever called it; there is nothing to close then.
      await started?.catch(() => undefined);
      await close(server);
    },
  };
}

/** By path. One that ends with a slash answers for everything below it. */
type Routes = Readonly<Record<string, HttpRoute>>;

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function mountFor(request: IncomingMessage, mounts: Readonly<Record<string, HttpMount>>): HttpMount | undefined {
  const path = pathOf(request);
  return Object.entries(mounts).find(([at]) => path === at || path.startsWith(`${at}/`))?.[1];
}

async function answerTo(request: IncomingMessage, routes: Routes): Promise<HttpAnswer> {
  const path = pathOf(request);
  const found = Object.entries(routes).find(([at]) => path === at || (at.endsWith('/') && path.startsWith(at)));
  if (!found) return jsonAnswer(404, { error: `nothing at this path; there is ${Object.keys(routes).join(', ')}` });
  if (request.method !== 'GET' && request.method !== 'HEAD') return jsonAnswer(405, { error: 'only GET and HEAD' });
  const [at, route] = found;
  return route(decoded(path.slice(at.length)));
}

/** What is badly encoded is taken as it is: it names nothing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function readinessAnswer(readiness: Readiness): Promise<HttpAnswer> {
  const report = await readiness.report();
  return jsonAnswer(report.status === 'ready' ? 200 : 503, report);
}

function write(request: IncomingMessage, response: ServerResponse, { status, type, body }: HttpAnswer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function listen(server: Server, host: string, port: number, log: Logger): Promise<{ readonly port: number }> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new PortTakenError(host, port, error);
    throw error;
  }
  server.on('error', (error) => log.error({ err: error }, 'http.error'));
  const bound = (server.address() as AddressInfo).port;
  log.info({ host, port: bound }, 'http.listening');
  return { port: bound };
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  // Closing also ends the connections that are between two requests.
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  if ((await within(stopGraceMs, closed)) === 'late') server.closeAllConnections();
  await closed;
}
