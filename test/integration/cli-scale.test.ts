import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { ScaleView } from '../../src/cli/scale/render-scale.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { event, soon, usePoolFolder } from '../fixtures/cli/pool.js';
import { run } from '../fixtures/cli/run.js';
import { readAudit } from '../support/audit.js';

// Each of these starts a dozen processes, on machines that have other things to do, too.
vi.setConfig({ testTimeout: 90_000 });

const { startPool, answer, status, enqueue, stateOf } = usePoolFolder();

const quickScale = { BULWARK_SUPERVISOR_SAMPLE: '100ms', BULWARK_SUPERVISOR_SCALE_DOWN_AFTER: '1s' };

const set = (...args: string[]) =>
  answer<{ rule: object }>(['scale', 'set', 'default', '--for', '1h', '--why', 'a test', ...args]);
const running = async (): Promise<string[]> =>
  (await status()).workers.filter(({ state }) => state === 'running').map(({ id }) => id);

it('runs as many workers as are wanted, and interrupts no job when they are fewer', async () => {
  const { pool } = await startPool(['--min', '1', '--max', '3', '--concurrency', '1'], {
    ...quickScale,
    // Nobody waits for a long job where a worker is stopped.
    BULWARK_WORKER_DRAIN_TIMEOUT: '100ms',
  });
  const atFirst = pool.workers.length;

  await set('--exactly', '3');
  await soon('three workers', async () => (await running()).length === 3);
  const long = await Promise.all([1, 2, 3].map(() => enqueue('linger', { ms: 8_000 })));
  await soon('each runs one', async () => (await status()).workers.filter(({ busy }) => busy === 1).length === 3);
  await set('--exactly', '1');
  await soon(
    'two take no more',
    async () => (await status()).workers.filter(({ state }) => state === 'quiet').length === 2,
  );
  await soon('two have ended', async () => (await status()).workers.length === 1);

  expect(atFirst).toBe(1);
  for (const id of long) {
    await soon(`job ${id} has completed`, async () => (await stateOf(id)) === 'completed');
    const { found } = await answer<{ found: { job: { starts: number } }[] }>(['job', 'show', id]);
    expect(found[0]?.job.starts).toBe(1);
  }
});

it('keeps what it has when nobody leads', async () => {
  const { keeper, pool } = await startPool(['--min', '1', '--max', '2'], quickScale);
  await set('--exactly', '2');
  await soon('two workers', async () => (await running()).length === 2);
  const client = new Redis(pool.redis.url).on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  process.kill(pool.supervisor.pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pool.supervisor.pid, 'SIGCONT'));
  const { scale } = new Keyspace('bulwark');
  // As if its last word had expired.
  await soon('the lead is lost', async () => (await client.exists(new Keyspace('bulwark').leader)) === 0);
  await client.del(scale);
  const before = await running();

  const { groups } = await answer<{ groups: ScaleView[] }>(['scale', 'show']);

  expect(groups.map(({ group, decision }) => [group, decision])).toEqual([['default', null]]);
  expect(await running()).toEqual(before);
  expect(keeper.lines.filter(event('pool.scaling'))).toHaveLength(1);
});

it('sets, shows and releases a rule, and writes that down', async () => {
  const { pool } = await startPool(['--workers', '1'], quickScale);
  const client = new Redis(pool.redis.url).on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  await soon('a decision', async () => (await answer<{ groups: ScaleView[] }>(['scale', 'show'])).groups[0]?.decision);

  const rehearsed = await answer<{ dryRun: boolean }>([
    'scale',
    'set',
    'default',
    '--min',
    '2',
    '--for',
    '1h',
    '--why',
    'w',
    '--dry-run',
  ]);
  await set('--min', '4', '--max', '9');
  const shown = await soon('the leader has heard of it', async () => {
    const { groups } = await answer<{ groups: ScaleView[] }>(['scale', 'show', 'default']);
    return groups[0]?.decision?.why === 'operator' ? groups[0] : undefined;
  });
  const asked = await fetch(`${pool.supervisor.http}/autoscale/v1/default`);
  const released = await answer<{ ended: object | null }>(['scale', 'release', 'default', '--why', 'done']);
  const again = await answer<{ ended: object | null }>(['scale', 'release', 'default', '--why', 'done']);

  expect(rehearsed.dryRun).toBe(true);
  expect(shown).toMatchObject({ decision: { desired: 4, current: 1 }, rule: { min: 4, max: 9, why: 'a test' } });
  expect(asked.status).toBe(200);
  expect(await asked.json()).toMatchObject({ group: 'default', desired: 4 });
  expect(released.ended).toMatchObject({ min: 4, max: 9 });
  expect(again.ended).toBeNull();
  expect((await readAudit(client, 'bulwark', 'scale.')).map(({ what, group, why }) => [what, group, why])).toEqual([
    ['scale.set', 'default', 'a test'],
    ['scale.release', 'default', 'done'],
  ]);
});

it('refuses what cannot be meant, and says what can', async () => {
  const { pool } = await startPool(['--workers', '1'], quickScale);
  const refusals: [string[], string][] = [
    [['release', 'defualt', '--why', 'w'], 'did you mean default?'],
    [['set', 'default', '--for', '1h', '--why', 'w'], 'say how many'],
    [['set', 'default', '--exactly', '1', '--min', '1', '--for', '1h', '--why', 'w'], 'not both'],
    [['set', 'default', '--min', '3', '--max', '1', '--for', '1h', '--why', 'w'], 'got 3 and 1'],
    [['set', 'default', '--min', '3', '--for', '1h', '--why', ' '], 'say why'],
    [['set', 'default', '--min', '3', '--why', 'w'], '--for'],
  ];

  for (const [args, words] of refusals) {
    const { code, stderr } = await run('scale', ...args, '--redis', pool.redis.url);

    expect(code, args.join(' ')).toBe(2);
    expect(stderr).toContain(words);
  }
});
