import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProducer, createSupervisor, createWorker, type Producer } from '../../src/index.js';
import type { KindRegistry } from '../../src/job/registry.js';
import type { Finding } from '../../src/redis/fitness.js';
import type { Keyspace } from '../../src/redis/keyspace.js';
import { testJobs } from '../fixtures/cli/jobs.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import { runJson } from '../fixtures/cli/run.js';
import { temporaryFolder } from '../support/temp-folder.js';

const log = pino({ level: 'silent' });
const pool = useNamespace({ appendOnly: true });
let client: Redis;
let jobs: KindRegistry;
let producer: Producer;
let keys: Keyspace;

beforeAll(async () => {
  jobs = await testJobs();
});
beforeEach(() => {
  ({ client, keys } = pool());
  producer = createProducer({ redis: pool().redis, log });
});
afterEach(() => producer.close());

interface Report {
  readonly errors: number;
  readonly findings: readonly Finding[];
  readonly accounts: readonly {
    readonly queue: string;
    readonly jobs: number;
    readonly places: Record<string, number>;
  }[];
}

const doctor = () => pool().answer<Report>('doctor');
const problems = ({ findings }: Report): Finding[] =>
  findings.filter(({ check, level }) => level === 'error' && check !== 'workers');

const enqueueEcho = async (count: number): Promise<string[]> => {
  const payloads = Array.from({ length: count }, (_, index) => ({ word: `${index}` }));
  return (await producer.enqueueMany(jobs.require('echo'), payloads as never[])).map(({ id }) => id);
};

describe('doctor', () => {
  it('counts the jobs of every queue by state and finds nothing wrong', async () => {
    await enqueueEcho(3);
    await producer.enqueue(jobs.require('echo'), { word: 'later' } as never, { delay: '1h' });
    await producer.enqueue(jobs.require('linger'), { ms: 1 } as never, { priority: 3 });

    const { document } = await doctor();

    expect(problems(document)).toEqual([]);
    expect(document.accounts).toMatchObject([
      { queue: 'quick', jobs: 4, places: { wait: 3, delayed: 1 } },
      { queue: 'quick.dead', jobs: 0 },
      { queue: 'slow', jobs: 1, places: { prioritized: 1 } },
      { queue: 'slow.dead', jobs: 0 },
    ]);
  });

  it('finds nothing wrong while thousands of jobs come, run, die and are redriven', async () => {
    const workers = await Promise.all(
      [1, 2].map(async () => {
        const worker = createWorker({ redis: pool().redis, jobs: jobs.jobs, log });
        await worker.start();
        return worker;
      }),
    );
    const stopping = new AbortController();
    const load = (async () => {
      while (!stopping.signal.aborted) {
        await enqueueEcho(200);
        const whys = Array.from({ length: 20 }, (_, index) => ({ why: `${index}` }));
        await producer.enqueueMany(jobs.require('refuse'), whys as never[]);
        await pool().cli('dlq', 'redrive', 'quick', '--limit', '10');
      }
    })();

    const reports: Report[] = [];
    const counted = () => reports.at(-1)?.accounts[0]?.jobs ?? 0;
    while (reports.length < 8 || counted() <= 1_000) reports.push((await doctor()).document);

    stopping.abort();
    await load;
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(reports.flatMap(problems)).toEqual([]);
  });

  it('finds a job that is lost: there, and in no state', async () => {
    const [id = ''] = await enqueueEcho(3);
    await client.lrem(keys.queue('quick', 'wait'), 1, id);

    const { code, document } = await doctor();

    expect(code).toBe(1);
    expect(problems(document)).toMatchObject([
      { check: 'jobs of quick', level: 'error', detail: expect.stringMatching(new RegExp(`1 job lost.*${id}`)) },
    ]);
    expect((await pool().cli('job', 'show', id)).stdout).toContain('the job is lost');
  });

  it('finds a lost dead letter', async () => {
    const [id = ''] = await enqueueEcho(1);
    await client.lrem(keys.queue('quick', 'wait'), 1, id);
    await client.rename(keys.queue('quick', id), keys.queue('quick.dead', id));

    const { document } = await doctor();

    expect(problems(document)).toMatchObject([{ check: 'jobs of quick.dead', detail: expect.stringContaining(id) }]);
  });

  it('finds an id without a job behind it', async () => {
    const [id = ''] = await enqueueEcho(1);
    await client.del(keys.queue('quick', id));

    const { document } = await doctor();

    expect(problems(document)).toMatchObject([
      { detail: expect.stringMatching(`1 id without a job behind it \\(${id}\\)`) },
    ]);
  });

  it('finds a job in two states at once', async () => {
    const [id = ''] = await enqueueEcho(1);
    await client.zadd(keys.queue('quick', 'delayed'), 1, id);

    const { document } = await doctor();

    expect(problems(document)).toMatchObject([{ detail: expect.stringContaining('1 job in two states at once') }]);
  });

  it('finds an active job that nobody holds, and says whether somebody will bring it back', async () => {
    const [id = ''] = await enqueueEcho(1);
    await client.lmove(keys.queue('quick', 'wait'), keys.queue('quick', 'active'), 'RIGHT', 'LEFT');

    const alone = await doctor();
    const supervisor = createSupervisor({ redis: pool().redis, log });
    await supervisor.start();
    await expect.poll(() => supervisor.leads).toBe(true);
    const led = await doctor();
    await supervisor.stop();

    expect(problems(alone.document)).toMatchObject([
      { detail: expect.stringContaining(id), fix: expect.stringContaining('run a supervisor') },
    ]);
    expect(problems(led.document)).toEqual([]);
    expect(led.document.findings).toContainEqual(
      expect.objectContaining({ check: 'jobs of quick', level: 'warn', detail: expect.stringContaining(id) }),
    );
  });

  it('takes neither settings nor schedules nor what lies beside the jobs for jobs', async () => {
    await enqueueEcho(1);
    await client.hset(keys.queue('quick', 'repeat:nightly'), 'name', 'echo', 'every', '1000');
    await client.hset(keys.queue('quick', 'flow-1:processed'), 'child', '1');
    await client.zadd(keys.parked('quick', 'newer_version'), 1, 'x');

    const { document } = await doctor();

    expect(problems(document)).toEqual([]);
    expect(document.accounts[0]).toMatchObject({ queue: 'quick', jobs: 1 });
  });

  it('tells of a queue that holds jobs and that nobody told of', async () => {
    await client.hset(keys.queue('stray', '1'), 'name', 'x', 'timestamp', '1');

    const { document } = await doctor();

    expect(document.findings).toContainEqual(expect.objectContaining({ check: 'jobs of stray', level: 'warn' }));
  });

  it('calls it an error when jobs wait and nobody works', async () => {
    await enqueueEcho(1);

    const { code, document } = await doctor();

    expect(code).toBe(1);
    expect(document.findings).toContainEqual({
      check: 'workers',
      level: 'error',
      detail: 'none is alive, and 1 job waits',
      fix: expect.any(String),
    });
  });

  it('says each fix under what it mends, and the sum at the end', async () => {
    const { code, stdout } = await pool().cli('doctor');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {5}eviction policy +noeviction$/m);
    expect(stdout).toMatch(/^warn {3}supervisor +nobody leads.*\n +fix: run `bulwark up`/m);
    expect(stdout.trimEnd()).toMatch(/0 errors, 2 warnings$/);
  });

  it('looks at a Redis that no worker would run on, and says the fix', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');

    const { code, document } = await doctor();

    await client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(code).toBe(1);
    expect(problems(document)).toMatchObject([
      { check: 'eviction policy', fix: expect.stringContaining('CONFIG SET maxmemory-policy noeviction') },
    ]);
  });

  it('says what is wrong with a configuration that cannot work', async () => {
    const file = join(temporaryFolder(), 'pool.json');
    writeFileSync(file, '{"worker":{"lease":"1s"}}');

    const { code, document } = await runJson<Report>('doctor', '--config', file);

    expect(code).toBe(1);
    expect(document.findings).toMatchObject([
      { check: 'configuration', level: 'error', detail: expect.stringContaining('did you mean worker.leaseMs?') },
    ]);
  });
});
