import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { RedisSession } from '../../src/cli/redis-session.js';
import type { PoolPicture } from '../../src/cli/top/picture.js';
import { PictureReader } from '../../src/cli/top/read-picture.js';
import { defineDependency, defineJob } from '../../src/index.js';
import { systemClock } from '../../src/time/clock.js';
import { jobsFile } from '../fixtures/cli/jobs.js';
import { quickPace } from '../fixtures/cli/processes.js';
import { eventually } from '../support/eventually.js';
import { spawnBulwark } from '../support/processes.js';
import { runOnTerminal, settingsIn } from '../support/pty.js';
import { startPool, type TestPool } from './worker-pool/test-pool.js';

vi.setConfig({ testTimeout: 60_000 });

const cli = fileURLToPath(new URL('../../bin/bulwark.mjs', import.meta.url));
const liveScreen = new URL('../../dist/src/cli/top/live-screen.js', import.meta.url).href;

const onTerminal = ({ url }: TestPool, env = '') =>
  runOnTerminal(`${env} ${process.execPath} ${cli} top --interval 200ms --redis ${url}`);

/** Two workers here and a leader that notices deaths soon, and a kind whose dependency is down. */
async function startBadDay() {
  const pool = await startPool();
  const crm = defineDependency({ name: 'crm', timeout: '1s' });
  const needy = defineJob({
    kind: 'needy',
    queue: pool.queue({ name: 'accounts' }),
    payload: z.object({ n: z.number() }),
    dependencies: [crm],
    retry: { attempts: 50, base: '100ms', cap: '200ms' },
    run: (_payload, ctx) =>
      ctx.call(crm, async () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      }),
  });
  const supervisor = await pool.supervisor({ supervisor: { deadAfterMs: 1_000, sweepMs: 100 } });
  await eventually('it leads', () => supervisor.leads);
  for (let n = 0; n < 2; n++) await pool.worker([needy], { worker: { concurrency: 4, beatMs: 100 } });
  const producer = pool.producer();
  const breakIt = () =>
    producer.enqueueMany(
      needy,
      Array.from({ length: 40 }, (_, n) => ({ n })),
    );
  return { pool, breakIt };
}

describe('bulwark top on a terminal', () => {
  it('shows a worker that dies and a breaker that opens, outlives Redis, and leaves the terminal as it was', async () => {
    const { pool, breakIt } = await startBadDay();
    const worker = spawnBulwark(['worker', 'run', '--redis', pool.url, '--jobs', jobsFile], {
      env: quickPace,
    });
    // Workers that beat more often are missed sooner.
    const top = onTerminal(pool, 'BULWARK_WORKER_BEAT=100ms BULWARK_SUPERVISOR_DEAD_AFTER=800ms');
    await top.sees('three workers', (text) => /3 WORKERS/.test(text) && /healthy/.test(text));

    worker.kill('SIGKILL');
    await top.sees('the death of one', (text) => /2 WORKERS|1 worker (late|silent)/.test(text));

    await breakIt();
    await top.sees('the breaker', (text) => /breaker crm open/.test(text) && /^crm +open/m.test(text));
    await top.sees('the decision', (text) => /breaker\.open crm/.test(text));
    const inAlternateScreen = top.screen.modes.has('1049');

    await pool.server.kill();
    await top.sees('that the picture is old', (text) => /Redis does not answer: .* ago/.test(text));
    const kept = top.screen.text;
    await pool.server.restart();
    await top.sees('that Redis is back', (text) => !/Redis does not answer/.test(text));

    top.type('q');
    await top.ended;

    expect(inAlternateScreen).toBe(true);
    expect(kept).toMatch(/^crm +/m);
    expect(top.written()).toContain('ended with 0');
    expect(new Set(settingsIn(top.written())).size).toBe(1);
    expect([...top.screen.modes].sort()).toEqual(['25', '7']);
  });

  it('obeys its keys, and a SIGTERM', async () => {
    const pool = await startPool();
    await pool.client.hset(pool.keyspace.queues, { email: '{}', sms: '{}' });
    const top = onTerminal(pool, 'NO_COLOR=1');
    await top.sees('both queues', (text) => /^email/m.test(text) && /^sms/m.test(text));

    top.type('/sm\r');
    await top.sees('one queue', (text) => !/^email/m.test(text) && /filter: sm/.test(text));
    top.type('p');
    await top.sees('that it is paused', (text) => /paused: this is how it was/.test(text));
    top.type('?');
    await top.sees('the help', (text) => /Ctrl-L/.test(text));
    const [client] = String(await pool.client.client('LIST')).match(/name=bulwark:cli:(\d+)/g) ?? [];
    const pid = Number(client?.split(':').at(-1));
    process.kill(pid, 'SIGCONT');
    await eventually('it takes the terminal again', () => top.written().split('\u001b[?1049h').length === 3);
    await top.sees('the help again', (text) => /Ctrl-L/.test(text));
    process.kill(pid, 'SIGTERM');
    await top.ended;

    expect(top.written()).toContain('ended with 0');
    expect(new Set(settingsIn(top.written())).size).toBe(1);
    expect([...top.screen.modes].sort()).toEqual(['25', '7']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
    expect(top.written()).not.toMatch(/\u001b\[\d+m/);
  });

  it('leaves the terminal as it was when it crashes, too, and the reason can be read', async () => {
    const program = [
      `import { LiveScreen } from ${JSON.stringify(liveScreen)};`,
      'const nothing = () => undefined;',
      'const events = { onInput: nothing, onRoom: nothing, onGone: nothing };',
      'new LiveScreen(process.stdout, process.stdin, events).open();',
      'setTimeout(() => { throw new Error("a bug") }, 1);',
    ].join(' ');
    const crashing = runOnTerminal(`${process.execPath} --input-type=module -e '${program}'`);
    await crashing.ended;

    expect(crashing.written()).toContain('\u001b[?1049h');
    expect(new Set(settingsIn(crashing.written())).size).toBe(1);
    expect([...crashing.screen.modes].sort()).toEqual(['25', '7']);
    expect(crashing.screen.text).toContain('Error: a bug');
  });
});

describe('bulwark top elsewhere', () => {
  it('prints one frame without colours or controls, or one document, and says how fast jobs come', async () => {
    const pool = await startPool();
    const queue = pool.queue({ name: 'email' });
    const mail = defineJob({ kind: 'mail', queue, payload: z.object({}), run: () => undefined });
    const producer = pool.producer();
    await producer.enqueue(mail, {});
    const asText = spawnBulwark(['top', '--interval', '200ms', '--redis', pool.url]);
    const asJson = spawnBulwark(['top', '--interval', '200ms', '--redis', pool.url, '--json']);
    await asJson.exited;
    const { code } = await asText.exited;

    expect(code).toBe(0);
    expect(asText.text('stdout')).toMatch(/^email +1 +0 +0 +0 +\S+( !)? +\S+( \S+)? +0 +0/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(asText.text('stdout')).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
    const { v, queues } = JSON.parse(asJson.text('stdout')) as PoolPicture;
    expect(v).toBe(1);
    expect(queues.rows[0]).toMatchObject({ queue: 'email', jobs: { waiting: 1 }, rates: { inPerSecond: 0 } });
  });

  it('writes one document a line with --watch, until Ctrl-C', async () => {
    const pool = await startPool();
    const watching = spawnBulwark(['top', '--interval', '200ms', '--redis', pool.url, '--json', '--watch']);

    const second = await eventually('two documents', () => watching.lines[1], { timeoutMs: 15_000 });
    watching.kill('SIGINT');
    const { code } = await watching.exited;

    expect(code).toBe(0);
    expect((JSON.parse(second.text) as PoolPicture).v).toBe(1);
  });

  it('asks Redis for no more than it says: two round trips, some commands, and three for each queue', async () => {
    const pool = await startPool();
    const names = Array.from({ length: 20 }, (_, n) => `q${n}`);
    await pool.client.hset(pool.keyspace.queues, Object.fromEntries(names.map((name) => [name, '{}'])));
    const reader = new PictureReader(new RedisSession(pool.client, pool.keyspace, 'here'), 5_000, systemClock);
    // The first look sends the scripts, too.
    await reader.read();
    const heard: string[] = [];
    const monitor = await pool.client.monitor();
    monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
      if (source !== 'lua') heard.push(command.toLowerCase());
    });

    const { queues } = await reader.read();
    await pool.client.echo('end');
    await eventually('all of it', () => heard.includes('echo'));
    monitor.disconnect();

    expect(queues.rows).toHaveLength(20);
    expect(heard.filter((command) => command !== 'echo')).toHaveLength(12 + 3 * names.length);
  });
});
