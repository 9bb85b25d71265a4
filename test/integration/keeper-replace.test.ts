import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { KeptChild } from '../../src/cli/keeper/kept-child.js';
import { createProducer } from '../../src/index.js';
import { FleetStore } from '../../src/recovery/fleet-store.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { systemClock } from '../../src/time/clock.js';
import { jobsFile, testJobs } from '../fixtures/cli/jobs.js';
import { event, type StartedPool, soon, usePoolFolder } from '../fixtures/cli/pool.js';
import { freePorts, isAlive, quickPace, untilGone } from '../fixtures/cli/processes.js';
import { type RunningProcess, spawnProcess } from '../support/processes.js';
import { startRedis } from '../support/redis-server.js';

vi.setConfig({ testTimeout: 90_000 });

const { folder, startPool, status, enqueue, stateOf, busyWorker } = usePoolFolder();

/** Looks at the pool again and again: how many workers the fleet lists, and for how long nobody answers at a port. */
function watch({ pool }: StartedPool, readyz: string) {
  const seen = { fewestWorkers: Number.POSITIVE_INFINITY, longestGapMs: 0 };
  let watching = true;
  const lookAtFleet = async () => {
    const client = new Redis(pool.redis.url);
    const fleet = new FleetStore(client, new Keyspace('bulwark'));
    while (watching) {
      const alive = (await fleet.read()).filter(({ beat }) => beat !== undefined);
      seen.fewestWorkers = Math.min(seen.fewestWorkers, alive.length);
      await sleep(10);
    }
    client.disconnect();
  };
  const lookAtPort = async () => {
    let answeredAt = performance.now();
    while (watching) {
      const ready = await fetch(readyz).then(
        ({ ok }) => ok,
        () => false,
      );
      const now = performance.now();
      if (ready) {
        seen.longestGapMs = Math.max(seen.longestGapMs, now - answeredAt);
        answeredAt = now;
      }
      await sleep(10);
    }
  };
  const looking = Promise.all([lookAtFleet(), lookAtPort()]);
  return {
    async stop() {
      watching = false;
      await looking;
      return seen;
    },
  };
}

/** Enqueues a job every few milliseconds until it is stopped; then waits for all of them. */
async function keepBusy({ pool }: StartedPool) {
  const jobs = await testJobs();
  const producer = createProducer({ redis: { url: pool.redis.url }, log: pino({ level: 'silent' }) });
  onTestFinished(() => producer.close());
  const results: Promise<unknown>[] = [];
  let enqueueing = true;
  const load = (async () => {
    while (enqueueing) {
      const job = await producer.enqueue(jobs.require('linger'), { ms: 200 } as never);
      results.push(producer.wait(job, { timeout: '30s' }));
      await sleep(25);
    }
  })();
  return {
    async stop() {
      enqueueing = false;
      await load;
      return (await Promise.all(results)) as { pid: number }[];
    },
  };
}

const releasedJobs = (keeper: RunningProcess) =>
  keeper.lines.filter(event('worker.stopped')).map(({ fields }) => fields['released']);

describe('SIGHUP to the keeper', () => {
  it('replaces every process under load: no job is interrupted or lost, and no worker is missing at any moment', async () => {
    const port = await freePorts(3);
    const started = await startPool(['--workers', '2', '--http-port', String(port)]);
    const { keeper, pool } = started;
    const load = await keepBusy(started);
    const watched = watch(started, `http://127.0.0.1:${port + 1}/readyz`);

    keeper.kill('SIGHUP');
    await keeper.waitForLine(event('pool.restarted'), 60_000);
    const results = await load.stop();
    const { fewestWorkers, longestGapMs } = await watched.stop();

    const { workers } = await status();
    expect(workers.map(({ pid, state }) => [pool.workers.some((old) => old.pid === pid), state])).toEqual([
      [false, 'running'],
      [false, 'running'],
    ]);
    expect(fewestWorkers).toBeGreaterThanOrEqual(2);
    expect(releasedJobs(keeper)).toEqual([0, 0]);
    expect(results.length).toBeGreaterThan(10);
    expect(keeper.lines.filter(event('job.')).map(({ text }) => text)).toEqual([]);
    // What it is like is told by the figure; the limit is for a machine that has other things to do.
    expect(longestGapMs).toBeLessThan(5_000);
    await soon('another leader', async () => ![undefined, pool.supervisor.id].includes((await status()).leader?.id));
    await soon('answers at every port', async () => {
      const answers = await Promise.all([0, 1, 2].map((nth) => fetch(`http://127.0.0.1:${port + nth}/metrics`)));
      return answers.every(({ ok }) => ok);
    });
  });

  it('is told that a restart is under way when it comes again', async () => {
    const { keeper, children } = await startPool(['--workers', '1']);
    await enqueue('linger', { ms: 2_000 });
    await busyWorker();

    keeper.kill('SIGHUP');
    await keeper.waitForLine(event('child.replacing'));
    keeper.kill('SIGHUP');
    await keeper.waitForLine(event('pool.restart_under_way'));
    await keeper.waitForLine(event('pool.restarted'), 30_000);

    expect(keeper.lines.filter(event('child.replaced'))).toHaveLength(children.length);
  });

  it('reaches processes without harm when it reaches the whole group', async () => {
    const { keeper, children } = await startPool(['--workers', '1']);

    process.kill(-keeper.pid, 'SIGHUP');
    await keeper.waitForLine(event('pool.restarted'), 30_000);

    expect(keeper.lines.filter(event('child.exited'))).toEqual([]);
    await untilGone(...children);
    expect((await status()).workers).toHaveLength(1);
  });

  const terminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
  it.runIf(terminals)('drains when the terminal was closed', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const env = { ...quickPace, BULWARK_REDIS_URL: redis.url };
    const cli = fileURLToPath(new URL('../../bin/bulwark.mjs', import.meta.url));
    const command = `exec ${process.execPath} ${cli} up --workers 1 --jobs ${jobsFile}`;
    const terminal = spawnProcess('script', ['-qefc', command, join(folder(), 'typescript')], { cwd: folder(), env });
    await terminal.waitForLine(({ text }) => text.includes('npx bulwark status'), 20_000);
    const id = await enqueue('linger', { ms: 1_500 }, redis.url);
    const worker = await busyWorker(redis.url);

    terminal.kill('SIGKILL');
    await untilGone(worker.pid);

    expect(await stateOf(id, redis.url)).toBe('completed');
  });
});

describe('a process that wants to be replaced', () => {
  const runUntilStopped = new URL('../../dist/src/cli/process/run-until-stopped.js', import.meta.url).href;
  /** The first process of its place wants it. */
  const program = (kept: boolean) => `
    import { pino } from ${JSON.stringify(import.meta.resolve('pino'))};
    import { runUntilStopped } from ${JSON.stringify(runUntilStopped)};
    const service = {
      async start({ onRetire }) {
        if (!process.argv.includes('--takes-over')) setTimeout(() => onRetire({ kind: 'replace', reason: 'a job hangs' }), 50);
        setInterval(() => undefined, 1_000);
        return { role: 'worker', id: 'w', pid: process.pid, http: null, kinds: [] };
      },
      stop: async ({ handOver }) => console.log('stopped, handOver', handOver),
    };
    process.exit(await runUntilStopped(service, { log: pino(), kept: ${kept}, onReady: () => undefined }));
  `;

  it('drains and exits with 0 when it has no keeper, so that its orchestrator starts another', async () => {
    const alone = spawnProcess(process.execPath, ['--input-type=module', '-e', program(false)]);

    expect(await alone.exited).toEqual({ code: 0, signal: null });
    expect(alone.lines.find(event('process.wants_replacement'))?.fields).toMatchObject({ reason: 'a job hangs' });
    expect(alone.text('stdout')).toContain('stopped, handOver false');
  });

  it('works on until its keeper has a new one ready', async () => {
    const module = join(folder(), 'child.mjs');
    writeFileSync(module, program(true));
    const written: string[] = [];
    const pids: number[] = [];
    const sink = { write: (text: string) => written.push(text) };
    const child = new KeptChild({
      name: 'worker 1',
      program: { module, args: [], env: process.env },
      policy: { baseMs: 1, capMs: 1 },
      killGraceMs: 5_000,
      readyWithinMs: 20_000,
      output: { stdout: sink, stderr: sink },
      clock: systemClock,
      random: Math.random,
      log: pino({ level: 'silent' }),
      onReady: ({ pid }) => pids.push(pid),
      onHopeless: () => undefined,
      onCrashLoop: () => undefined,
      onCrash: () => Promise.reject(new Error('no crash')),
    });
    onTestFinished(() => child.kill());

    child.start();
    await soon('the end of the old process', () => written.join('').includes('stopped, handOver true'));

    expect(pids).toHaveLength(2);
    await untilGone(pids[0] ?? 0);
    expect(isAlive(pids[1] ?? 0)).toBe(true);
  });
});
