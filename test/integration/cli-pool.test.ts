import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ReadyReport } from '../../src/cli/process/ready-report.js';
import type { StatusReport } from '../../src/cli/status/read-status.js';
import { jobsFile } from '../fixtures/cli/jobs.js';
import { documentOf, isAlive, quickPace, untilGone } from '../fixtures/cli/processes.js';
import { eventually } from '../support/eventually.js';
import { type OutputLine, type RunningProcess, spawnBulwark } from '../support/processes.js';
import { startRedis } from '../support/redis-server.js';
import { temporaryFolder } from '../support/temp-folder.js';

// Each test starts a dozen processes, on machines that have other things to do, too.
vi.setConfig({ testTimeout: 60_000 });
const soon = <T>(what: string, ask: () => T | Promise<T>): Promise<NonNullable<T>> =>
  eventually(what, ask, { timeoutMs: 20_000 });

interface PoolDocument {
  readonly redis: { readonly kind: string; readonly url: string; readonly description: string };
  readonly supervisor: ReadyReport;
  readonly workers: readonly ReadyReport[];
}

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const bulwark = (args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProcess =>
  spawnBulwark(args, { cwd: folder, env: { ...quickPace, ...env } });

const up = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): RunningProcess =>
  bulwark(['up', '--jobs', jobsFile, ...args], env);

/** A pool that is complete, and the processes it consists of. */
async function startPool(...args: string[]) {
  const keeper = up(['--json', ...args]);
  const pool = await documentOf<PoolDocument>(keeper);
  const redisPid = (JSON.parse(readFileSync(join(folder, '.bulwark', 'redis.json'), 'utf8')) as { pid: number }).pid;
  const children = [pool.supervisor, ...pool.workers].map(({ pid }) => pid);
  return { keeper, pool, redisPid, children, everybody: [keeper.pid, redisPid, ...children] };
}

async function answer<T>(...args: string[]): Promise<T> {
  const command = bulwark([...args, '--json']);
  await command.exited;
  return JSON.parse(command.text('stdout')) as T;
}

const status = (): Promise<StatusReport> => answer<StatusReport>('status');
const event = (name: string) => (line: OutputLine) => String(line.fields['msg']).startsWith(name);

/** A worker that runs a job of the kind `linger`. */
async function busyWorker(): Promise<StatusReport['workers'][number]> {
  return soon('a busy worker', async () => (await status()).workers.find(({ busy }) => busy > 0));
}

describe('up', () => {
  it('shows a newcomer what runs and what to try next', async () => {
    const keeper = bulwark(['up', '--workers', '2']);

    await keeper.waitForLine(({ text }) => text.includes('npx bulwark status'), 20_000);

    const text = keeper.text('stderr');
    expect(text).toMatch(/Redis +Redis \S+ at redis:\/\/127\.0\.0\.1:\d+, private to this pool/);
    expect(text).toMatch(/Supervisor +pid \d+, http:\/\/127\.0\.0\.1:\d+\/metrics/);
    expect(text).toMatch(/Worker 2 +pid \d+, http:\/\/127\.0\.0\.1:\d+\/metrics/);
    expect(text).toContain('document-digest (queue documents)');
    expect(text).toContain("npx bulwark enqueue document-digest --glob '**/*.md' --wait");
  });

  it('is found by commands in its folder, without an address', async () => {
    const { pool } = await startPool('--workers', '2');

    const { redis, workers, leader } = await status();

    expect(redis.address).toBe(pool.redis.url);
    expect(workers.map(({ pid }) => pid).sort()).toEqual(pool.workers.map(({ pid }) => pid).sort());
    expect(leader?.id).toBe(pool.supervisor.id);
  });

  it('starts another worker for one that was killed, and its job is done', async () => {
    const { keeper } = await startPool('--workers', '2');
    const enqueue = bulwark(['enqueue', 'linger', '{"ms":2000}', '--jobs', jobsFile, '--wait', '--json']);
    const victim = await busyWorker();

    process.kill(victim.pid, 'SIGKILL');
    const death = await keeper.waitForLine(event('child.exited'));
    const { code } = await enqueue.exited;

    const { jobs } = JSON.parse(enqueue.text('stdout')) as { jobs: { result: { pid: number } }[] };
    expect(death.fields).toMatchObject({ childPid: victim.pid, signal: 'SIGKILL' });
    expect(code).toBe(0);
    expect(jobs[0]?.result.pid).not.toBe(victim.pid);
    await soon('two living workers', async () => {
      const alive = (await status()).workers.filter(({ state }) => state === 'running');
      return alive.length === 2 && alive.every(({ pid }) => pid !== victim.pid);
    });
  });

  it('starts another supervisor for one that was killed', async () => {
    const { pool } = await startPool('--workers', '1');

    process.kill(pool.supervisor.pid, 'SIGKILL');

    await soon('another leader', async () => {
      const { leader } = await status();
      return leader && leader.id !== pool.supervisor.id;
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s lets running jobs finish, ends everything and exits with 0',
    async (signal) => {
      const { keeper, everybody } = await startPool('--workers', '2');
      const enqueue = bulwark(['enqueue', 'linger', '{"ms":1500}', '--jobs', jobsFile]);
      await enqueue.exited;
      await busyWorker();

      keeper.kill(signal);
      const { code } = await keeper.exited;

      expect(code).toBe(0);
      await untilGone(...everybody);
      const released = keeper.lines.filter(event('worker.stopped')).map(({ fields }) => fields['released']);
      expect(released).toEqual([0, 0]);
    },
  );

  it('keeps waiting jobs over a restart', async () => {
    const first = await startPool('--workers', '1');
    await answer('queue', 'pause', 'quick');
    const { jobs } = await answer<{ jobs: { id: string }[] }>('enqueue', 'echo', '{"word":"kept"}', '--jobs', jobsFile);
    first.keeper.kill('SIGTERM');
    await first.keeper.exited;

    await startPool('--workers', '1');
    await answer('queue', 'resume', 'quick');

    await soon('the job to be done', async () => {
      const { found } = await answer<{ found: { job: { state: string } }[] }>('job', 'show', jobs[0]?.id ?? '');
      return found[0]?.job.state === 'completed';
    });
  });

  it('on a second signal kills everything and exits at once', async () => {
    const { keeper, everybody } = await startPool('--workers', '2');
    await bulwark(['enqueue', 'linger', '{"ms":60000}', '--jobs', jobsFile]).exited;
    await busyWorker();
    keeper.kill('SIGTERM');
    await keeper.waitForLine(event('worker.draining'));
    const askedAt = performance.now();

    keeper.kill('SIGTERM');
    const { code } = await keeper.exited;

    expect(code).toBe(143);
    expect(performance.now() - askedAt).toBeLessThan(5_000);
    await untilGone(...everybody);
  });

  it('drains once on a Ctrl-C that reaches every process of the terminal', async () => {
    const { keeper, everybody } = await startPool('--workers', '2');
    await bulwark(['enqueue', 'linger', '{"ms":1500}', '--jobs', jobsFile]).exited;
    await busyWorker();

    process.kill(-keeper.pid, 'SIGINT');
    const { code } = await keeper.exited;

    expect(code).toBe(0);
    await untilGone(...everybody);
    expect(keeper.lines.filter(event('worker.stopped'))).toHaveLength(2);
  });

  it('kills a child that does not drain in time', async () => {
    const keeper = up(['--json', '--workers', '1'], {
      BULWARK_POOL_KILL_GRACE: '600ms',
      BULWARK_WORKER_DRAIN_TIMEOUT: '500ms',
    });
    const { workers } = await documentOf<PoolDocument>(keeper);
    process.kill(workers[0]?.pid ?? 0, 'SIGSTOP');

    keeper.kill('SIGTERM');
    const { code } = await keeper.exited;

    expect(code).toBe(0);
    expect(keeper.lines.find(event('child.killed'))?.fields).toMatchObject({ child: 'worker 1' });
    await untilGone(workers[0]?.pid ?? 0);
  });

  it('leaves no process behind when the keeper is killed, and the next one takes over its Redis with all jobs', async () => {
    const first = await startPool('--workers', '2');
    await answer('queue', 'pause', 'quick');
    const { jobs } = await answer<{ jobs: { id: string }[] }>('enqueue', 'echo', '{"word":"kept"}', '--jobs', jobsFile);

    first.keeper.kill('SIGKILL');
    await untilGone(...first.children);
    const redisLived = isAlive(first.redisPid);
    const second = await startPool('--workers', '1');

    expect(redisLived).toBe(true);
    expect(second.redisPid).toBe(first.redisPid);
    expect(second.pool.redis.description).toContain('left running by a pool that was killed');
    expect(await answer('job', 'show', jobs[0]?.id ?? '')).toMatchObject({ found: [{ job: { state: 'waiting' } }] });
    second.keeper.kill('SIGTERM');
    await second.keeper.exited;
    await untilGone(...second.everybody);
  });

  it('goes on when nobody reads its output any more', async () => {
    const cli = fileURLToPath(new URL('../../bin/bulwark.mjs', import.meta.url));
    const args = [cli, 'up', '--jobs', jobsFile, '--workers', '1'];
    const keeper = spawn(process.execPath, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...quickPace },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    onTestFinished(() => {
      if (keeper.exitCode === null && keeper.pid) process.kill(-keeper.pid, 'SIGKILL');
    });
    await soon(
      'a worker',
      async () => existsSync(join(folder, '.bulwark', 'redis.json')) && (await status()).workers[0],
    );
    keeper.stdout.destroy();
    keeper.stderr.destroy();

    const [worker] = (await status()).workers;
    process.kill(worker?.pid ?? 0, 'SIGKILL');
    await soon('another worker', async () =>
      (await status()).workers.some(({ pid, state }) => state === 'running' && pid !== worker?.pid),
    );
    keeper.kill('SIGTERM');

    expect(await once(keeper, 'exit')).toEqual([0, null]);
  });

  it('says loudly that a worker cannot stay up, and keeps the others', async () => {
    // A job that brings it down again and again would be given a process of its own, and the worker would stay up.
    const keeper = up(['--workers', '1'], {
      BULWARK_SUPERVISOR_QUARANTINE_AFTER: '20',
      BULWARK_SUPERVISOR_POISON_AFTER: '20',
    });
    await keeper.waitForLine(({ text }) => text.includes('npx bulwark status'), 20_000);
    await bulwark(['enqueue', 'explode', '{}', '--jobs', jobsFile]).exited;

    const alarm = await keeper.waitForLine(event('child.crash_loop'), 30_000);

    expect(alarm.fields).toMatchObject({ level: 'error', child: 'worker 1', restartInMs: 60_000 });
    expect((await status()).leader).not.toBeNull();
  });
});

describe('up refuses', () => {
  let stranger: Server | undefined;
  const takePort = async (): Promise<number> => {
    stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    onTestFinished(() => {
      stranger?.close();
    });
    return (stranger.address() as { port: number }).port;
  };

  it('a port that is taken: it says which and how to change it, in one line, before anything runs', async () => {
    const port = await takePort();

    // The supervisor has the port below, so it is the first worker that could not start.
    const keeper = up(['--workers', '2', '--http-port', String(port - 1)]);
    const { code } = await keeper.exited;

    expect(code).toBe(2);
    expect(keeper.lines.map(({ text }) => text)).toEqual([
      `bulwark: port ${port} on 127.0.0.1 is taken; set BULWARK_HTTP_PORT or --http-port to another, or 0 for any free one [BULWARK_PORT_TAKEN]`,
    ]);
  });

  it('definitions that cannot be loaded: it stops everything instead of trying for ever', async () => {
    writeFileSync(join(folder, 'jobs.mjs'), "throw new Error('API_KEY is not set');");

    const keeper = bulwark(['up', '--jobs', './jobs.mjs']);
    const { code } = await keeper.exited;

    expect(code).toBe(2);
    expect(keeper.text('stderr')).toContain('jobs.mjs cannot be loaded: API_KEY is not set');
    expect(keeper.text('stderr')).toContain('cannot run as it was started');
    expect(existsSync(join(folder, '.bulwark', 'redis.json'))).toBe(false);
  });

  it('a Redis that cannot be reached, within 5 s and with exit code 3', async () => {
    const startedAt = performance.now();

    const keeper = up([], { BULWARK_REDIS_URL: 'redis://127.0.0.1:1' });
    const { code } = await keeper.exited;

    expect(code).toBe(3);
    expect(keeper.text('stderr').split('\n')).toHaveLength(1);
    expect(keeper.text('stderr')).toContain('no connection to Redis at redis://127.0.0.1:1');
    expect(performance.now() - startedAt).toBeLessThan(7_000);
  });

  it('a Redis that would lose jobs, and says the fix', async () => {
    const redis = await startRedis({ directives: { 'maxmemory-policy': 'allkeys-lru' } });
    onTestFinished(() => redis.stop());

    const keeper = up([], { REDIS_URL: redis.url });
    const { code } = await keeper.exited;

    expect(code).toBe(1);
    expect(keeper.text('stderr')).toContain('redis-cli CONFIG SET maxmemory-policy noeviction');
  });

  it('a folder in which a pool runs', async () => {
    await startPool('--workers', '1');

    const second = up(['--workers', '1']);
    const { code } = await second.exited;

    expect(code).toBe(1);
    expect(second.text('stderr')).toMatch(/a pool already runs in .*\[BULWARK_POOL_RUNNING\]/);
  });
});
