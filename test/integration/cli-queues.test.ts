import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProducer, createWorker, type EnqueueOptions, type Producer } from '../../src/index.js';
import type { KindRegistry } from '../../src/job/registry.js';
import { deadLetterQueue } from '../../src/redis/keyspace.js';
import { testJobs } from '../fixtures/cli/jobs.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import { type CliRun, run } from '../fixtures/cli/run.js';

const log = pino({ level: 'silent' });
const pool = useNamespace();
let jobs: KindRegistry;
let producer: Producer;

beforeAll(async () => {
  jobs = await testJobs();
});
beforeEach(() => {
  producer = createProducer({ redis: pool().redis, log });
  return () => producer.close();
});

const cli = (...argv: string[]): Promise<CliRun> => pool().cli(...argv);
const cliJson = <T>(...argv: string[]) => pool().answer<T>(...argv);

const enqueue = async (kind: string, payload: unknown, options?: EnqueueOptions): Promise<string> =>
  (await producer.enqueue(jobs.require(kind), payload as never, options)).id;

/** Lets a worker do all that waits. */
async function work(...ids: [kind: string, id: string][]): Promise<void> {
  const worker = createWorker({ redis: pool().redis, jobs: jobs.jobs, log });
  await worker.start();
  for (const [kind, id] of ids) {
    const definition = jobs.require(kind);
    const handle = { id, queue: definition.queue.name, kind, key: undefined, duplicate: false, definition };
    await producer.wait(handle).catch(() => undefined);
  }
  await worker.stop();
}

/** As when its keys have not been kept any longer. */
async function forgetKeys(queue: string): Promise<void> {
  const { client, keys } = pool();
  const pages = await client.keys(`${keys.ledgerBase(queue)}*`);
  if (pages.length > 0) await client.del(...pages);
}

/** Writes what no program of ours would into the fields of a job that hold moments. */
async function spoilMoments(queue: string, id: string): Promise<void> {
  const { client, keys } = pool();
  const spoilt = { timestamp: 'abc', processedOn: 'abc', finishedOn: 'abc', atm: 'abc', bwh: '[null]' };
  await client.hset(keys.queue(queue, id), spoilt);
  await client.zadd(keys.queue(queue, 'failed'), 'XX', 0, id);
}

const jobsOf = async (queue: string): Promise<Record<string, number>> => {
  const { document } = await cliJson<{ queues: { queue: string; jobs: Record<string, number> }[] }>('queue', 'ls');
  return document.queues.find((one) => one.queue === queue)?.jobs ?? {};
};

describe('queue', () => {
  it('ls shows every queue with its jobs by state', async () => {
    await enqueue('echo', { word: 'a' });
    await enqueue('echo', { word: 'b' }, { delay: '1h' });

    const { code, stdout } = await cli('queue', 'ls');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^quick +critical +1 +1 +0 +0 +0 +\S+ +10s$/m);
  });

  it('ls says so when there is none', async () => {
    expect(await cli('queue', 'ls')).toMatchObject({ code: 0, stdout: expect.stringContaining('no queue yet') });
  });

  it('pause and resume change the queue, and say when there is nothing to change', async () => {
    await enqueue('echo', { word: 'a' });
    const paused = async () => (await cli('queue', 'ls')).stdout.includes('quick (paused)');

    expect((await cli('queue', 'pause', 'quick')).stdout).toBe('quick is paused; nothing runs\n');
    expect(await paused()).toBe(true);
    expect((await cli('queue', 'pause', 'quick')).stdout).toBe('quick is paused already; nothing runs\n');
    expect((await cli('queue', 'resume', 'quick')).stdout).toBe('quick gives out jobs again, 1 waiting\n');
    expect(await paused()).toBe(false);
    expect((await cli('queue', 'resume', 'quick')).stdout).toBe('quick is not paused\n');
  });

  it.each(['pause', 'purge'])('%s --dry-run changes nothing', async (verb) => {
    await enqueue('echo', { word: 'a' });

    const { code, stdout } = await cli('queue', verb, 'quick', '--dry-run');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^would /);
    expect((await cli('queue', 'ls')).stdout).toMatch(/^quick +critical +1 /m);
  });

  it('purge deletes nothing without --yes', async () => {
    await enqueue('echo', { word: 'a' });

    const { code, stdout, stderr } = await cli('queue', 'purge', 'quick');

    expect({ code, stdout }).toEqual({ code: 1, stdout: 'would delete 1 waiting job of quick\n' });
    expect(stderr).toContain('say --yes');
    expect(await jobsOf('quick')).toMatchObject({ waiting: 1 });
  });

  it('purge --yes deletes what waits and what is delayed', async () => {
    await enqueue('echo', { word: 'a' });
    await enqueue('echo', { word: 'b' }, { delay: '1h' });
    await enqueue('echo', { word: 'c' }, { priority: 5 });

    const { code, document } = await cliJson('queue', 'purge', 'quick', '--yes');

    expect({ code, document }).toEqual({
      code: 0,
      document: { queue: 'quick', deleted: 3, left: 0, dryRun: false, refused: false },
    });
    expect(await jobsOf('quick')).toMatchObject({ waiting: 0, delayed: 0, prioritized: 0 });
  });

  it.each([
    ['quik', 'did you mean quick?'],
    ['quick.dead', 'did you mean quick?'],
    ['something', 'known queues: quick'],
  ])('refuses the unknown queue %s and names the known ones', async (name, hint) => {
    await enqueue('echo', { word: 'a' });

    const { code, stderr } = await cli('queue', 'pause', name);

    expect(code).toBe(2);
    expect(stderr).toContain(`unknown queue "${name}"; known queues: quick`);
    expect(stderr).toContain(hint);
  });
});

describe('job show', () => {
  it('shows a job wherever it is', async () => {
    const id = await enqueue('echo', { word: 'hello' }, { key: 'order-1', tenant: 'acme' });

    const { code, stdout } = await cli('job', 'show', id);

    expect(code).toBe(0);
    for (const fact of [id, 'quick', 'waiting', 'echo, version 1', 'order-1', 'acme', '"word": "hello"']) {
      expect(stdout).toContain(fact);
    }
  });

  it('shows what a completed job answered', async () => {
    const id = await enqueue('echo', { word: 'ab', times: 2 });
    await work(['echo', id]);

    expect((await cli('job', 'show', id)).stdout).toMatch(/^result +\{"said":"abab"\}$/m);
  });

  it('finds a job among the dead letters', async () => {
    const id = await enqueue('refuse', { why: 'never' });
    await work(['refuse', id]);

    const { document } = await cliJson('job', 'show', id);

    expect(document).toMatchObject({
      found: [{ place: 'dead_letter_queue', letter: { id, reason: 'permanent_error' } }],
    });
  });

  it('shows a job whose moments are none as far as it can be read', async () => {
    const id = await enqueue('echo', { word: 'a' });
    await spoilMoments('quick', id);

    const { code, stdout } = await cli('job', 'show', id);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^enqueued +unknown/m);
  });

  it('says where it looked when there is none', async () => {
    await enqueue('echo', { word: 'a' });

    const { code, stderr } = await cli('job', 'show', 'nobody');

    expect(code).toBe(1);
    expect(stderr).toContain('no job "nobody" in quick, nor among their dead letters');
    expect(stderr).toContain('[BULWARK_JOB_NOT_FOUND]');
  });
});

describe('dlq', () => {
  const die = async (...whys: string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const why of whys) {
      const id = await enqueue('refuse', { why });
      await work(['refuse', id]);
      ids.push(id);
    }
    return ids;
  };
  const deadIds = async (): Promise<string[]> => {
    const { document } = await cliJson<{ letters: { deadId: string }[] }>('dlq', 'ls', 'quick');
    return document.letters.map(({ deadId }) => deadId);
  };

  it('ls shows why each died, the newest first, and how many are not shown', async () => {
    const [first, second] = await die('no paper', 'no ink');

    const whole = await cli('dlq', 'ls');
    const cut = await cli('dlq', 'ls', 'quick', '--limit', '1');

    expect(await deadIds()).toEqual([second, first]);
    expect(whole.stdout).toMatch(/permanent_error +\S+ ago +[0-9a-f]{12} +PermanentError: no ink/);
    expect(cut.stdout).toContain('1 of 2; --limit shows more');
    expect(cut.stdout).not.toContain('no paper');
  });

  it('show tells the whole story of one', async () => {
    const [id = ''] = await die('no paper');

    const { stdout } = await cli('dlq', 'show', id);

    for (const fact of [id, 'permanent_error', 'PermanentError: no paper', 'fingerprint', '1. ', '"why": "no paper"']) {
      expect(stdout).toContain(fact);
    }
  });

  it('ls and show tell what they can of one whose moments are none', async () => {
    const [id = ''] = await die('no paper');
    await spoilMoments(deadLetterQueue('quick'), id);

    const list = await cli('dlq', 'ls');
    const page = await cli('dlq', 'show', id);

    expect([list.code, page.code]).toEqual([0, 0]);
    expect(list.stdout).toMatch(/permanent_error +unknown +[0-9a-f]{12}/);
    expect(page.stdout).toMatch(/^died +unknown by /m);
  });

  it('redrive puts one back, and says which were not there', async () => {
    const [id = ''] = await die('no paper');

    const { code, document } = await cliJson('dlq', 'redrive', 'quick', id, 'nobody');

    expect(code).toBe(1);
    expect(document).toMatchObject({
      queue: 'quick',
      end: 'done',
      redriven: [id],
      notFound: ['nobody'],
      idTaken: [],
      left: 0,
      dryRun: false,
    });
    expect(await jobsOf('quick')).toMatchObject({ waiting: 1, dead_lettered: 0 });
  });

  it('redrive --limit takes the oldest, --all takes all, and --dry-run none', async () => {
    const [first, second, third] = await die('a', 'b', 'c');

    const dry = await cliJson('dlq', 'redrive', 'quick', '--all', '--dry-run');
    const limited = await cliJson('dlq', 'redrive', 'quick', '--limit', '1');
    const all = await cliJson('dlq', 'redrive', 'quick', '--all');

    expect(dry.document).toMatchObject({ redriven: [first, second, third], dryRun: true });
    expect(limited.document).toMatchObject({ redriven: [first] });
    expect(all.document).toMatchObject({ redriven: [second, third] });
    expect(await jobsOf('quick')).toMatchObject({ waiting: 3, dead_lettered: 0 });
  });

  it('redrive leaves a letter whose id a living job has', async () => {
    const key = 'order-1';
    const id = await enqueue('refuse', { why: 'x' }, { key });
    await work(['refuse', id]);
    await forgetKeys('quick');
    await enqueue('refuse', { why: 'x' }, { key });

    const { code, document } = await cliJson('dlq', 'redrive', 'quick', '--all');

    expect({ code, document }).toMatchObject({ code: 1, document: { redriven: [], idTaken: [id] } });
    expect(await deadIds()).toEqual([id]);
  });

  it.each(['redrive', 'purge'])('%s takes none by accident', async (verb) => {
    await die('a');

    const { code, stderr } = await cli('dlq', verb, 'quick');

    expect(code).toBe(2);
    expect(stderr).toContain('say which dead letters');
    expect(await deadIds()).toHaveLength(1);
  });

  it('purge deletes nothing without --yes, and with it what was named', async () => {
    const [first = '', second] = await die('a', 'b');

    const refused = await cli('dlq', 'purge', 'quick', first);
    const purged = await cliJson('dlq', 'purge', 'quick', first, '--yes');

    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('would be deleted');
    expect(purged).toMatchObject({ code: 0, document: { deleted: [first] } });
    expect(await deadIds()).toEqual([second]);
  });
});

describe('status', () => {
  it('is one page: Redis, supervisor, workers, queues', async () => {
    await enqueue('echo', { word: 'a' });

    const { code, stdout } = await cli('status');

    expect(code).toBe(0);
    expect(stdout).toContain(pool().url);
    expect(stdout).toContain('nobody leads');
    expect(stdout).toContain('none: jobs wait until one runs');
    expect(stdout).toMatch(/^quick +critical +1 /m);
  });

  it('shows a worker with what it does', async () => {
    const worker = createWorker({ redis: pool().redis, jobs: jobs.jobs, log });
    await worker.start();
    await enqueue('linger', { ms: 60_000 });
    await expect.poll(() => worker.busy).toBe(1);

    const shown = async () => (await cliJson<{ workers: object[] }>('status')).document.workers;

    await expect
      .poll(shown, { timeout: 3_000 })
      .toMatchObject([{ id: worker.id, pid: process.pid, state: 'running', busy: 1, longest: { kind: 'linger' } }]);
    await worker.stop({ drainTimeoutMs: 0 });
    expect(await shown()).toEqual([]);
  });
});

it('answers that Redis cannot be reached within 5 s, once, with exit code 3', async () => {
  const startedAt = performance.now();

  const { code, stderr } = await run('status', '--redis', 'redis://:secret@127.0.0.1:1');

  expect(code).toBe(3);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(
    /^bulwark: no connection to Redis at redis:\/\/:\*\*\*@127\.0\.0\.1:1 .*\[BULWARK_REDIS_UNAVAILABLE\]$/m,
  );
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
