import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { jsonAnswer } from '../../../src/telemetry/http-answer.js';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../src/telemetry/http-server.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { PortTakenError } from '../../../src/telemetry/port-taken-error.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function buildServer(options: Partial<HttpServerOptions> = {}): HttpServer {
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics({ role: 'worker', version: '1.2.3' }),
    checks: {},
    log: pino({ level: 'silent' }),
    ...options,
  });
  cleanups.push(() => server.stop());
  return server;
}

async function startServer(options: Partial<HttpServerOptions> = {}) {
  const server = buildServer(options);
  const { port } = await server.start();
  return { server, port, ask: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init) };
}

describe('createHttpServer', () => {
  it('shows the metrics in the text format of Prometheus', async () => {
    const { ask } = await startServer();

    const response = await ask('/metrics');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('bulwark_build_info{version="1.2.3"');
  });

  it('is alive even when nothing it depends on is', async () => {
    const { ask } = await startServer({ checks: { redis: () => Promise.reject(new Error('down')) } });

    const response = await ask('/livez');

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'alive' });
  });

  it.each(['/readyz', '/healthz'])('%s answers 200 when ready and 503 with the reason when not', async (path) => {
    const redis = vi.fn().mockResolvedValueOnce('answered').mockRejectedValueOnce(new Error('Redis is down'));
    const { ask } = await startServer({ checks: { redis } });

    const ready = await ask(path);
    const notReady = await ask(path);

    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', checks: { redis: { ok: true, detail: 'answered' } } });
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toEqual({
      status: 'not_ready',
      checks: { redis: { ok: false, detail: 'Redis is down' } },
    });
  });

  it('answers for everything below a path that it was given, by the rest of the path', async () => {
    const routes = { '/things/': async (rest: string) => jsonAnswer(200, { rest }) };
    const { ask } = await startServer({ routes });

    const answers = await Promise.all(
      ['/things/a', '/things/a%20b?c=d', '/things/%'].map(async (path) => (await ask(path)).json()),
    );

    expect(answers).toEqual([{ rest: 'a' }, { rest: 'a b' }, { rest: '%' }]);
    expect((await ask('/things')).status).toBe(404);
    expect((await ask('/things/a', { method: 'POST' })).status).toBe(405);
    expect((await ask('/livez')).status).toBe(200);
  });

  it('is not ready while draining, but alive and measurable', async () => {
    const { server, ask } = await startServer();

    server.drain();

    const ready = await ask('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'draining' });
    expect((await ask('/livez')).status).toBe(200);
    expect((await ask('/metrics')).status).toBe(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const { ask } = await startServer();

    const response = await ask('/livez', { method: 'HEAD' });

    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
    expect(await response.text()).toBe('');
  });

  it('ignores a query', async () => {
    const { ask } = await startServer();

    expect((await ask('/livez?verbose=1')).status).toBe(200);
  });

  it.each(['/', '/favicon.ico', '/toString', '/metrics/'])(
    'answers 404 to %s and names what is there',
    async (path) => {
      const { ask } = await startServer();

      const response = await ask(path);

      expect(response.status).toBe(404);
      expect(await response.text()).toContain('/metrics, /livez, /readyz, /healthz');
    },
  );

  it('answers 405 to other methods and says which it takes', async () => {
    const { ask } = await startServer();

    const response = await ask('/metrics', { method: 'POST', body: 'x' });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('answers 500 without details when the metrics cannot be written', async () => {
    const metrics = { contentType: 'text/plain', render: () => Promise.reject(new Error('hunter2')) };
    const { ask } = await startServer({ metrics });

    const response = await ask('/metrics');

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('says which port is taken and how to take another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    cleanups.push(() => other.close());
    const { port } = other.address() as AddressInfo;

    const failure = await buildServer({ port })
      .start()
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(PortTakenError);
    expect(failure).toMatchObject({
      code: 'BULWARK_PORT_TAKEN',
      message: `port ${port} on 127.0.0.1 is taken; set BULWARK_HTTP_PORT or --http-port to another, or 0 for any free one`,
    });
  });

  it('starts once, however often it is told to', async () => {
    const { server, port } = await startServer();

    expect(await server.start()).toEqual({ port });
  });

  it('stops at once while a client keeps its connection open', async () => {
    const { server, port } = await startServer();
    const agent = new Agent({ keepAlive: true });
    cleanups.push(() => agent.destroy());
    const [response] = await once(get({ host: '127.0.0.1', port, path: '/livez', agent }), 'response');
    await once(response.resume(), 'end');

    const startedAt = performance.now();
    await server.stop();

    expect(performance.now() - startedAt).toBeLessThan(400);
  });

  it('stops within its grace while a client has connected and says nothing', async () => {
    const { server, port } = await startServer();
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    const closed = once(socket, 'close');

    const startedAt = performance.now();
    await server.stop();

    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await closed;
  });

  it('leaves nothing listening when it is stopped while it starts', async () => {
    const server = buildServer();

    const starting = server.start();
    await server.stop();

    const { port } = await starting;
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
  });

  it('stops without having started, and twice', async () => {
    const server = buildServer();

    await server.stop();
    await server.stop();
  });
});
