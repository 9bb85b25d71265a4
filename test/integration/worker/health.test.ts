import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import type { HealthCheck, HealthReport } from '../../../src/telemetry/health.js';
import { createHttpServer } from '../../../src/telemetry/http-server.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { silent, startPool, type TestPool } from '../worker-pool/test-pool.js';

/** Asks a process as an orchestrator does. */
async function openWindow(checks: Readonly<Record<string, HealthCheck>>) {
  const metrics = createMetrics({ role: 'worker', version: '0' });
  const server = createHttpServer({ host: '127.0.0.1', port: 0, metrics, checks, log: silent });
  onTestFinished(() => server.stop());
  const { port } = await server.start();
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: (await response.json()) as HealthReport };
  };
  return {
    livez: async () => (await ask('/livez')).status,
    readyz: () => ask('/readyz'),
    becomesReady: () =>
      eventually('it is ready', async () => (await ask('/readyz')).status === 200, { timeoutMs: 8_000 }),
  };
}

async function startProcesses(pool: TestPool) {
  const job = defineJob({ kind: 'do', queue: pool.queue(), payload: z.object({}), run: () => undefined });
  const worker = await pool.worker([job]);
  const supervisor = await pool.supervisor();
  return { worker, windows: [await openWindow(worker.healthChecks), await openWindow(supervisor.healthChecks)] };
}

it('with Redis frozen or gone a process lives, says what is missing, and is ready again by itself', async () => {
  const pool = await startPool();
  const { windows } = await startProcesses(pool);
  const { server } = pool;
  for (const { readyz } of windows) expect((await readyz()).status).toBe(200);

  process.kill(server.pid, 'SIGSTOP');
  const frozen = await Promise.all(windows.map(async ({ livez, readyz }) => [await livez(), await readyz()] as const));
  process.kill(server.pid, 'SIGCONT');
  await Promise.all(windows.map(({ becomesReady }) => becomesReady()));
  await server.kill();
  const gone = await Promise.all(windows.map(async ({ livez, readyz }) => [await livez(), await readyz()] as const));
  await server.restart();
  await Promise.all(windows.map(({ becomesReady }) => becomesReady()));

  for (const [alive, { status, body }] of [...frozen, ...gone]) {
    expect([alive, status, body.status]).toEqual([200, 503, 'not_ready']);
    expect(body.checks['redis']).toMatchObject({ ok: false, detail: expect.stringContaining('does not answer') });
    expect(body.checks['redis']?.fix).toContain('bulwark doctor');
    expect(body.checks['eviction_policy']).toEqual({ ok: true, detail: 'not known: Redis does not answer' });
  }
}, 30_000);

it('a Redis that would delete jobs when its memory is full makes every process unready, at any time', async () => {
  const pool = await startPool();
  const { worker, windows } = await startProcesses(pool);

  await pool.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const [one, other] = await Promise.all(windows.map(({ readyz }) => readyz()));
  await pool.client.config('SET', 'maxmemory-policy', 'noeviction');
  const after = await windows[0]?.readyz();
  worker.quiet();
  const idle = await windows[0]?.readyz();

  for (const answer of [one, other]) {
    expect(answer?.status).toBe(503);
    expect(answer?.body.checks['eviction_policy']).toMatchObject({
      ok: false,
      detail: expect.stringContaining('allkeys-lru'),
      fix: expect.stringContaining('CONFIG SET maxmemory-policy noeviction'),
    });
  }
  expect(after?.status).toBe(200);
  expect(idle?.body.checks['taking_jobs']).toMatchObject({ ok: false, detail: 'quiet' });
});

it('who allowed eviction is ready, and is told of it', async () => {
  const pool = await startPool({ directives: { 'maxmemory-policy': 'allkeys-lru' } });
  const supervisor = await pool.supervisor({ redis: { url: pool.url, allowEviction: true } });
  const { readyz } = await openWindow(supervisor.healthChecks);

  const { status, body } = await readyz();

  expect(status).toBe(200);
  expect(body.checks['eviction_policy']?.detail).toContain('redis.allowEviction lets that pass');
});
