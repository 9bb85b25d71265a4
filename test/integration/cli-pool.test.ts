import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StatusReport } from '../../src/cli/status/read-status.js';
import { jobsFile } from '../fixtures/cli/jobs.js';
import { event, type PoolDocument, soon, usePoolFolder } from '../fixtures/cli/pool.js';
import { documentOf, freePorts, isAlive, quickPace, untilGone } from '../fixtures/cli/processes.js';
import { startRedis } from '../support/redis-server.js';

// Each test starts a dozen processes, on machines that have other things to do, too.
vi.setConfig({ testTimeout: 60_000 });

const { folder, bulwark, up, startPool, answer, status, enqueue, stateOf, busyWorker } = usePoolFolder();

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
    const { pool } = await startPool(['--workers', '2']);

    const status = bulwark(['status', '--json']);
    await status.exited;

    const { redis, workers, leader } = JSON.parse(status.text('stdout')) as StatusReport;
    expect(redis.address).toBe(pool.redis.url);
    expect(workers.map(({ pid }) => pid).sort()).toEqual(pool.workers.map(({ pid }) => pid).sort());
    expect(leader?.id).toBe(pool.supervisor.id);
  });

  it('starts another worker for one that was killed, and its job is done', async () => {
    const { keeper } = await startPool(['--workers', '2']);
    const waiting = bulwark(['enqueue', 'linger', '{"ms":2000}', '--jobs', jobsFile, '--wait', '--json']);
    const victim = await busyWorker();

    process.kill(victim.pid, 'SIGKILL');
    const death = await keeper.waitForLine(event('child.exited'));
    const { code } = await waiting.exited;

    const { jobs } = JSON.parse(waiting.text('stdout')) as { jobs: { result: { pid: number } }[] };
    expect(death.fields).toMatchObject({ childPid: victim.pid, signal: 'SIGKILL' });
    expect(code).toBe(0);
    expect(jobs[0]?.result.pid).not.toBe(victim.pid);
    await soon('two living workers', async () => {
      const alive = (await status()).workers.filter(({ state }) => state === 'running');
      return alive.length === 2 && alive.every(({ pid }) => pid !== victim.pid);
    });
  });

  it('starts another supervisor for one that was killed', async () => {
    const { pool } = await startPool(['--workers', '1']);

    process.kill(pool.supervisor.pid, 'SIGKILL');

    await soon('another leader', async () => {
      const { leader } = await status();
      return leader && leader.id !== pool.supervisor.id;
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s lets running jobs finish, ends everything and exits with 0',
    async (signal) => {
      const { keeper, everybody } = await startPool(['--workers', '2']);
      await enqueue('linger', { ms: 1_500 });
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
    const first = await startPool(['--workers', '1']);
    await answer(['queue', 'pause', 'quick']);
    const id = await enqueue('echo', { word: 'kept' });
    first.keeper.kill('SIGTERM');
    await first.keeper.exited;

    await startPool(['--workers', '1']);
    await answer(['queue', 'resume', 'quick']);

    await soon('the job to be done', async () => (await stateOf(id)) === 'completed');
  });

  it('on a second signal kills everything and exits at once', async () => {
    const { keeper, everybody } = await startPool(['--workers', '2']);
    await enqueue('linger', { ms: 60_000 });
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
    const { keeper, everybody } = await startPool(['--workers', '2']);
    await enqueue('linger', { ms: 1_500 });
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
    const first = await startPool(['--workers', '2']);
    await answer(['queue', 'pause', 'quick']);
    const id = await enqueue('echo', { word: 'kept' });

    first.keeper.kill('SIGKILL');
    await untilGone(...first.children);
    const redisLived = isAlive(first.redisPid);
    const second = await startPool(['--workers', '1']);

    expect(redisLived).toBe(true);
    expect(second.redisPid).toBe(first.redisPid);
    expect(second.pool.redis.description).toContain('left running by a pool that was killed');
    expect(await stateOf(id)).toBe('waiting');
    second.keeper.kill('SIGTERM');
    await second.keeper.exited;
    await untilGone(...second.everybody);
  });

  it('goes on when nobody reads its output any more', async () => {
    const cli = fileURLToPath(new URL('../../bin/bulwark.mjs', import.meta.url));
    const args = [cli, 'up', '--jobs', jobsFile, '--workers', '1'];
    const keeper = spawn(process.execPath, args, {
      cwd: folder(),
      env: { PATH: process.env['PATH'], ...quickPace },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    onTestFinished(() => {
      if (keeper.exitCode === null && keeper.pid) process.kill(-keeper.pid, 'SIGKILL');
    });
    await soon('a worker', async () => (await status()).workers[0]);
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

  it('goes on with the others when one worker cannot stay up', async () => {
    const keeper = up(['--json', '--workers', '3'], { BREAK_WORKER: join(folder(), 'broken') });
    const { workers } = await documentOf<PoolDocument>(keeper);
    writeFileSync(join(folder(), 'broken'), '');

    process.kill(workers[0]?.pid ?? 0, 'SIGKILL');
    const alarm = await keeper.waitForLine(event('child.crash_loop'), 30_000);

    expect(alarm.fields).toMatchObject({ level: 'error', child: 'worker 1', restartInMs: 60_000 });
    await soon('the other two alone', async () => {
      const alive = (await status()).workers.filter(({ state }) => state === 'running').map(({ pid }) => pid);
      return alive.sort().join() === [workers[1]?.pid, workers[2]?.pid].sort().join();
    });
  });

  it('gives up when no worker stays up: it ends all, exits with 1 and says last what died how often', async () => {
    const keeper = up(['--workers', '2'], { BREAK_WORKER: join(folder(), 'broken') });
    const { fields: leader } = await keeper.waitForLine(event('leader.elected'), 20_000);
    await keeper.waitForLine(({ text }) => text.includes('npx bulwark status'), 20_000);
    writeFileSync(join(folder(), 'broken'), '');

    for (const { pid } of (await status()).workers) process.kill(pid, 'SIGKILL');
    const { code } = await keeper.exited;

    expect(code).toBe(1);
    expect(
      keeper
        .text('stderr')
        .split('\n')
        .findLast((line) => line.startsWith('bulwark:')),
    ).toMatch(
      /^bulwark: gave up.*: worker 1 died 3 times in a row as soon as it was started \(exit code 9\); worker 2 died 3 times.*\[BULWARK_POOL_GAVE_UP\]$/,
    );
    expect(keeper.text('stderr')).toMatch(/\nlast output of worker 1:\n(?: {2}.*\n)* {2}the disk is full$/);
    await untilGone(Number(leader['pid']));
  });
});

describe('up refuses', () => {
  let stranger: Server | undefined;
  const takePort = async (port: number): Promise<void> => {
    stranger = createServer().listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    onTestFinished(() => {
      stranger?.close();
    });
  };

  it('a port that is taken: it says which and how to change it, in one line, before anything runs', async () => {
    const free = await freePorts(2);
    const port = free + 1;
    await takePort(port);

    // The supervisor has the port below, so it is the first worker that could not start.
    const keeper = up(['--workers', '2', '--http-port', String(free)]);
    const { code } = await keeper.exited;

    expect(code).toBe(2);
    expect(keeper.lines.map(({ text }) => text)).toEqual([
      `bulwark: port ${port} on 127.0.0.1 is taken; set BULWARK_HTTP_PORT or --http-port to another, or 0 for any free one [BULWARK_PORT_TAKEN]`,
    ]);
  });

  it('definitions that cannot be loaded: it stops everything instead of trying for ever', async () => {
    writeFileSync(join(folder(), 'jobs.mjs'), "throw new Error('API_KEY is not set');");

    const keeper = bulwark(['up', '--jobs', './jobs.mjs']);
    const { code } = await keeper.exited;

    expect(code).toBe(2);
    expect(keeper.text('stderr')).toContain('jobs.mjs cannot be loaded: API_KEY is not set');
    expect(keeper.text('stderr')).toContain('cannot run as it was started');
    expect(existsSync(join(folder(), '.bulwark', 'redis.json'))).toBe(false);
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
    await startPool(['--workers', '1']);

    const second = up(['--workers', '1']);
    const { code } = await second.exited;

    expect(code).toBe(1);
    expect(second.text('stderr')).toMatch(/a pool already runs in .*\[BULWARK_POOL_RUNNING\]/);
  });
});
