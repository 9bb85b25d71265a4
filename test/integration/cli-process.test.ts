import { createServer } from 'node:net';
import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReadyReport } from '../../src/cli/process/ready-report.js';
import { createProducer, type Producer } from '../../src/index.js';
import type { KindRegistry } from '../../src/job/registry.js';
import { jobsFile, testJobs } from '../fixtures/cli/jobs.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import { childrenOf, documentOf, freePorts, quickPace, untilGone } from '../fixtures/cli/processes.js';
import { type RunningProcess, spawnBulwark } from '../support/processes.js';
import { temporaryFolder } from '../support/temp-folder.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

const pool = useNamespace();
let jobs: KindRegistry;
let producer: Producer;

beforeAll(async () => {
  jobs = await testJobs();
});
beforeEach(() => {
  producer = createProducer({ redis: pool().redis, log: pino({ level: 'silent' }) });
  return () => producer.close();
});

const start = (args: string[], env: Record<string, string> = {}): RunningProcess =>
  spawnBulwark(args, {
    cwd: temporaryFolder(),
    env: { ...quickPace, ...pool().env, ...env },
  });

const startWorker = (...args: string[]): RunningProcess => start(['worker', 'run', '--jobs', jobsFile, ...args]);
const event = (name: string) => (line: { readonly fields: Readonly<Record<string, unknown>> }) =>
  line.fields['msg'] === name;

describe('worker run', () => {
  it('tells in one document that it is ready, and serves metrics and health', async () => {
    const worker = startWorker('--json');

    const report = await documentOf<ReadyReport>(worker);
    const answers = await Promise.all(
      ['/metrics', '/livez', '/readyz'].map(async (path) => (await fetch(`${report.http}${path}`)).status),
    );

    expect(report).toMatchObject({ role: 'worker', pid: worker.pid });
    expect(report.kinds).toContainEqual({ kind: 'echo', queue: 'quick' });
    expect(answers).toEqual([200, 200, 200]);
    expect(worker.text('stderr')).toContain('worker.started');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('finishes what it runs on %s and exits with 0', async (signal) => {
    const worker = startWorker();
    const job = await producer.enqueue(jobs.require('linger'), { ms: 500 } as never);
    await worker.waitForLine(event('worker.started'));
    await expect.poll(() => fetchBusy(worker), { timeout: 15_000 }).toBe(1);

    worker.kill(signal);
    const { code } = await worker.exited;

    expect(code).toBe(0);
    expect(await producer.wait(job, { timeout: '1s' })).toEqual({ pid: worker.pid });
  });

  it('is not ready any more while it drains', async () => {
    const worker = startWorker('--json');
    const { http } = await documentOf<ReadyReport>(worker);
    await producer.enqueue(jobs.require('linger'), { ms: 1_500 } as never);
    await expect.poll(() => fetchBusy(worker), { timeout: 15_000 }).toBe(1);

    worker.kill('SIGTERM');
    await worker.waitForLine(event('worker.draining'));

    expect((await fetch(`${http}/readyz`)).status).toBe(503);
    expect((await worker.exited).code).toBe(0);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('exits at once on a second %s', async (signal, exitCode) => {
    const worker = startWorker();
    await producer.enqueue(jobs.require('linger'), { ms: 60_000 } as never);
    await expect.poll(() => fetchBusy(worker), { timeout: 15_000 }).toBe(1);
    worker.kill(signal);
    await worker.waitForLine(event('worker.draining'));
    const askedAt = performance.now();

    worker.kill(signal);
    const { code } = await worker.exited;

    expect(code).toBe(exitCode);
    expect(performance.now() - askedAt).toBeLessThan(3_000);
  });

  it('stops on a signal that comes while it starts', async () => {
    const worker = start(['worker', 'run', '--jobs', jobsFile], { BULWARK_REDIS_URL: 'redis://127.0.0.1:1' });
    await worker.waitForLine(event('http.listening'));

    worker.kill('SIGTERM');

    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });

  it('ends with a last word when an error was caught by nobody', async () => {
    const worker = startWorker();
    await producer.enqueue(jobs.require('explode'), {} as never);

    const { code } = await worker.exited;

    expect(code).toBe(1);
    const lastWord = worker.lines.find(event('process.crashed'));
    expect(lastWord?.fields).toMatchObject({ level: 'fatal', err: { message: 'nobody catches this' } });
  });

  it('refuses a port that is taken, and says which and how to change it', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => stranger.once('listening', resolve));
    const { port } = stranger.address() as { port: number };

    const worker = startWorker('--http-port', String(port));
    const { code } = await worker.exited;

    stranger.close();
    expect(code).toBe(2);
    expect(worker.text('stderr')).toMatch(
      new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken; set BULWARK_HTTP_PORT or --http-port`),
    );
  });

  it('refuses definitions it cannot load', async () => {
    const worker = start(['worker', 'run', '--jobs', 'nowhere']);

    expect((await worker.exited).code).toBe(2);
    expect(worker.text('stderr')).toContain('no file or folder nowhere');
  });

  it('exits with 3 within 5 s when Redis cannot be reached', async () => {
    const worker = start(['worker', 'run', '--jobs', jobsFile], { BULWARK_REDIS_URL: 'redis://127.0.0.1:1' });
    await worker.waitForLine(event('http.listening'));
    const startedAt = performance.now();
    const { code } = await worker.exited;

    expect(code).toBe(3);
    expect(worker.text('stderr')).toMatch(/^bulwark: no connection to Redis at redis:\/\/127\.0\.0\.1:1/);
    expect(performance.now() - startedAt).toBeLessThan(7_000);
  });
});

describe('worker run --processes', () => {
  const startWorkers = (processes: number, ...args: string[]) =>
    startWorker('--json', '--processes', String(processes), ...args);
  const workersOf = async (keeper: RunningProcess): Promise<ReadyReport[]> =>
    (await documentOf<{ workers: ReadyReport[] }>(keeper)).workers;

  it('keeps so many workers, and nothing else, on ports from the first one up', async () => {
    const port = await freePorts(2);
    const keeper = startWorkers(2, '--http-port', String(port));

    const workers = await workersOf(keeper);
    const answers = await Promise.all(workers.map(async ({ http }) => (await fetch(`${http}/readyz`)).status));

    expect(workers.map(({ role }) => role)).toEqual(['worker', 'worker']);
    expect(workers.map(({ http }) => http)).toEqual([`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`]);
    expect(answers).toEqual([200, 200]);
    expect(childrenOf(keeper.pid).sort()).toEqual(workers.map(({ pid }) => pid).sort());
  });

  it('starts another worker for one that died, and drains all on SIGTERM', async () => {
    const keeper = startWorkers(2);
    const [victim] = await workersOf(keeper);

    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await keeper.waitForLine(event('child.exited'));
    await expect.poll(() => keeper.lines.filter(event('worker.started')).length, { timeout: 15_000 }).toBe(3);
    keeper.kill('SIGTERM');
    const { code } = await keeper.exited;

    expect(code).toBe(0);
    expect(keeper.lines.filter(event('worker.stopped'))).toHaveLength(2);
  });

  it('replaces its workers on SIGHUP', async () => {
    const keeper = startWorkers(2);
    const workers = await workersOf(keeper);

    keeper.kill('SIGHUP');
    await keeper.waitForLine(event('pool.restarted'), 20_000);

    expect(keeper.lines.filter(event('worker.stopped'))).toHaveLength(2);
    await untilGone(...workers.map(({ pid }) => pid));
  });

  it.each([
    ['a number that is none', ['--processes', 'many'], 2, 'many'],
    [
      'more processes than there are ports',
      ['--processes', '4', '--http-port', '65534'],
      2,
      'need the ports 65534 to 65537',
    ],
  ])('refuses %s', async (_what, args, exitCode, said) => {
    const keeper = startWorker(...args);

    expect((await keeper.exited).code).toBe(exitCode);
    expect(keeper.text('stderr')).toContain(said);
  });

  it('exits with 3 when Redis cannot be reached', async () => {
    const env = { BULWARK_REDIS_URL: 'redis://127.0.0.1:1' };
    const keeper = start(['worker', 'run', '--jobs', jobsFile, '--processes', '2'], env);

    expect((await keeper.exited).code).toBe(3);
  });
});

describe('supervisor run', () => {
  it('leads, is ready, and resigns on SIGTERM', async () => {
    const supervisor = start(['supervisor', 'run', '--json']);

    const report = await documentOf<ReadyReport>(supervisor);
    await supervisor.waitForLine(event('leader.elected'));
    const readiness = await (await fetch(`${report.http}/readyz`)).text();
    supervisor.kill('SIGTERM');

    expect(readiness).toContain('leader');
    expect((await supervisor.exited).code).toBe(0);
    expect(supervisor.lines.some(event('leader.stepped_down'))).toBe(true);
  });
});

/** How many jobs the worker runs, as its metrics say. */
async function fetchBusy(worker: RunningProcess): Promise<number> {
  const port = worker.lines.find(event('http.listening'))?.fields['port'];
  if (port === undefined) return 0;
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^bulwark_worker_slots\{.*queue="slow".*state="busy".*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}
