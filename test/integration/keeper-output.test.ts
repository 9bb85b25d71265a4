import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CrashStore } from '../../src/recovery/crash-store.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { jobsFile } from '../fixtures/cli/jobs.js';
import { event, soon, usePoolFolder } from '../fixtures/cli/pool.js';
import { isAlive, quickPace, untilGone } from '../fixtures/cli/processes.js';
import { spawnProcess } from '../support/processes.js';

vi.setConfig({ testTimeout: 60_000 });

const { folder, startPool, status, enqueue, stateOf, busyWorker } = usePoolFolder();

function crashStore(url: string): CrashStore {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  return new CrashStore(client, new Keyspace('bulwark'));
}

describe('the report of a crash', () => {
  it('tells how a worker was killed', async () => {
    const { keeper, pool } = await startPool(['--workers', '2']);
    const [victim] = pool.workers;

    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await keeper.waitForLine(event('child.exited'));

    const record = await soon('the report', () => crashStore(pool.redis.url).read(victim?.id ?? ''));
    expect(record).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(record.lines.some((line) => line.includes('worker.started'))).toBe(true);
  });

  it('has the last words of a worker that a job took down', async () => {
    const { keeper, pool } = await startPool(['--workers', '1'], { BULWARK_SUPERVISOR_POISON_AFTER: '1' });

    await enqueue('explode', {});
    await keeper.waitForLine(event('child.exited'));

    const record = await soon('the report', () => crashStore(pool.redis.url).read(pool.workers[0]?.id ?? ''));
    expect(record.exitCode).toBe(1);
    expect(record.lines.at(-1)).toMatch(/process.crashed.*|nobody catches this/);
  });

  it('holds up no restart while Redis is away', async () => {
    const { keeper, pool, redisPid } = await startPool(['--workers', '2']);
    process.kill(redisPid, 'SIGSTOP');
    onTestFinished(() => {
      if (isAlive(redisPid)) process.kill(redisPid, 'SIGCONT');
    });

    process.kill(pool.workers[0]?.pid ?? 0, 'SIGKILL');
    const death = await keeper.waitForLine(event('child.exited'));
    await keeper.waitForLine(
      (line) =>
        event('http.listening')(line) &&
        !pool.workers.some(({ pid }) => pid === line.fields['pid']) &&
        line.fields['pid'] !== pool.supervisor.pid,
    );
    process.kill(redisPid, 'SIGCONT');

    expect(death.fields).toMatchObject({ childPid: pool.workers[0]?.pid });
    await soon(
      'two workers',
      async () => (await status()).workers.filter(({ state }) => state === 'running').length === 2,
    );
  });
});

describe('the output of the processes', () => {
  it('does not end their drain when the keeper is killed: running jobs are finished', async () => {
    const { keeper, children } = await startPool(['--workers', '2'], {
      BULWARK_LOG_FORMAT: 'pretty',
      BULWARK_LOG_LEVEL: 'debug',
    });
    const id = await enqueue('linger', { ms: 2_000 });
    await busyWorker();

    keeper.kill('SIGKILL');
    await untilGone(...children);

    expect(await stateOf(id)).toBe('completed');
  });

  it('does not hold them up when the keeper stands still: lines are lost instead, and it is said how many', async () => {
    const { keeper } = await startPool(['--workers', '1'], { BULWARK_LOG_LEVEL: 'trace' });

    keeper.kill('SIGSTOP');
    const id = await enqueue('chatter', { lines: 5_000 });
    await soon('the job to be done', async () => (await stateOf(id)) === 'completed');
    keeper.kill('SIGCONT');
    await enqueue('chatter', { lines: 1 });

    const { fields } = await keeper.waitForLine(event('log.lines_lost'));
    expect(fields['lines']).toBeGreaterThan(0);
  });

  const terminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
  it.runIf(terminals)('stays pretty and coloured on a terminal', async () => {
    const cli = fileURLToPath(new URL('../../bin/bulwark.mjs', import.meta.url));
    const command = `${process.execPath} ${cli} up --workers 1 --jobs ${jobsFile}`;
    const terminal = spawnProcess('script', ['-qefc', command, join(folder(), 'typescript')], {
      cwd: folder(),
      env: quickPace,
    });

    const { text } = await terminal.waitForLine((line) => line.text.includes('worker.started'), 20_000);

    expect(text).toContain('\u001b[36mworker worker.started');
  });
});
