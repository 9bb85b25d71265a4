import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CancelResult } from '../../src/cli/jobs/cancel-job.js';
import type { ReadyReport } from '../../src/cli/process/ready-report.js';
import { createProducer, type EnqueueOptions, type Producer } from '../../src/index.js';
import type { KindRegistry } from '../../src/job/registry.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { QueueInspector } from '../../src/transport/queue-inspector.js';
import { jobsFile, testJobs } from '../fixtures/cli/jobs.js';
import { documentOf, quickPace } from '../fixtures/cli/processes.js';
import { type CliRun, run, runJson } from '../fixtures/cli/run.js';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, spawnBulwark } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { silent } from './worker-pool/test-pool.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

let server: TestRedis;
let jobs: KindRegistry;
let client: Redis;
let producer: Producer;
let namespace: string;
let tests = 0;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
  jobs = await testJobs();
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});
beforeEach(() => {
  tests += 1;
  namespace = `test-${tests}`;
  producer = createProducer({ redis: { url: server.url, namespace }, log: silent });
  return () => producer.close();
});

const cli = (...argv: string[]): Promise<CliRun> => run(...argv, '--redis', server.url, '--namespace', namespace);
const cancel = (...argv: string[]) =>
  runJson<CancelResult & { dryRun: boolean }>(
    'job',
    'cancel',
    ...argv,
    '--redis',
    server.url,
    '--namespace',
    namespace,
  );
const letterOf = async (id: string) =>
  (await runJson<{ letter: object }>('dlq', 'show', id, '--redis', server.url, '--namespace', namespace)).document;
const enqueue = async (kind: string, payload: unknown, options?: EnqueueOptions): Promise<string> =>
  (await producer.enqueue(jobs.require(kind), payload as never, options)).id;

const startWorker = (env: Record<string, string> = {}): RunningProcess =>
  spawnBulwark(['worker', 'run', '--jobs', jobsFile, '--json'], {
    env: {
      ...quickPace,
      BULWARK_REDIS_URL: server.url,
      BULWARK_REDIS_NAMESPACE: namespace,
      BULWARK_WORKER_ABORT_GRACE: '300ms',
      ...env,
    },
  });

/** A worker process that runs a job of this kind; with its id, and the job's. */
async function startBusy(kind: string, ms: number) {
  const process = startWorker();
  const { id: worker } = await documentOf<ReadyReport>(process);
  const id = await enqueue(kind, { ms });
  const inspector = new QueueInspector(client, new Keyspace(namespace));
  const queue = jobs.require(kind).queue.name;
  await eventually('it runs', async () => (await inspector.job(queue, id))?.state === 'active');
  return { process, worker, id };
}

describe('job cancel', () => {
  it('dead-letters a job that waits, with the reason given, and says how to find it', async () => {
    const id = await enqueue('echo', { word: 'a' }, { delay: '1h' });

    const { code, stdout } = await cli('job', 'cancel', id, '--why', 'wrong customer');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `called off ${id}: it lies among the dead letters of quick\n`,
    });
    expect((await cli('dlq', 'show', id)).stdout).toContain('wrong customer');
  });

  it('calls off a job that runs in a process of another host, as far as it can tell', async () => {
    const { id, worker } = await startBusy('linger', 60_000);

    const { code, document } = await cancel(id, '--why', 'wrong customer');

    expect({ code, document }).toMatchObject({
      code: 0,
      document: { id, queue: 'slow', outcome: 'cancelled', worker },
    });
    expect(JSON.stringify(await letterOf(id))).toContain('wrong customer');
  });

  it('gives up on a handler that hears nothing, and the job is dead-lettered all the same', async () => {
    const { id } = await startBusy('deaf', 20_000);

    const { code, document } = await cancel(id);

    expect({ code, document }).toMatchObject({ code: 0, document: { outcome: 'cancelled' } });
  });

  it('says so when it did not end in time: its handler holds up the event loop', async () => {
    const { id, worker } = await startBusy('hog', 4_000);

    const { code, document } = await cancel(id, '--timeout', '500ms');

    expect({ code, document }).toMatchObject({ code: 1, document: { outcome: 'still_running', worker } });
  });

  it('changes nothing on a rehearsal', async () => {
    const { id, worker } = await startBusy('linger', 60_000);
    const waiting = await enqueue('linger', { ms: 1 }, { delay: '1h' });

    const running = await cancel(id, '--dry-run');
    const other = await cli('job', 'cancel', waiting, '--dry-run');

    expect(running).toMatchObject({ code: 0, document: { outcome: 'still_running', worker, dryRun: true } });
    expect(other).toMatchObject({ code: 0, stdout: `would dead-letter ${waiting} of slow, which waits\n` });
    expect((await cli('job', 'show', id)).stdout).toContain('active');
    expect((await cli('job', 'show', waiting)).stdout).toContain('delayed');
  });

  it('calls off a job whose worker died with it, as soon as that is known', async () => {
    const { process, id } = await startBusy('linger', 60_000);
    spawnBulwark(['supervisor', 'run'], {
      env: { ...quickPace, BULWARK_REDIS_URL: server.url, BULWARK_REDIS_NAMESPACE: namespace },
    });
    await eventually('somebody leads', async () => client.exists(new Keyspace(namespace).leader), {
      timeoutMs: 10_000,
    });

    process.kill('SIGKILL');
    const { code, document } = await cancel(id);

    expect({ code, document }).toMatchObject({ code: 0, document: { outcome: 'cancelled' } });
  });

  it('finds nothing to call off in a job that has completed, and says so', async () => {
    const process = startWorker();
    await documentOf<ReadyReport>(process);
    const done = await producer.enqueue(jobs.require('echo'), { word: 'a' } as never);
    await producer.wait(done);

    expect(await cli('job', 'cancel', done.id)).toMatchObject({
      code: 1,
      stdout: `nothing to call off: ${done.id} is completed\n`,
    });
  });

  it('says the same of a job that was called off already: it lies among the dead letters', async () => {
    const id = await enqueue('echo', { word: 'a' });
    await cancel(id);

    expect(await cancel(id)).toMatchObject({ code: 0, document: { outcome: 'cancelled' } });
  });

  it('leaves alone what a plain BullMQ worker runs', async () => {
    const id = await enqueue('echo', { word: 'a' });
    const keys = new Keyspace(namespace);
    await client.lmove(keys.queue('quick', 'wait'), keys.queue('quick', 'active'), 'RIGHT', 'LEFT');
    await client.set(keys.queue('quick', `${id}:lock`), '1c0e5b2a-plain:7');

    expect(await cancel(id)).toMatchObject({ code: 1, document: { outcome: 'not_ours' } });
  });

  it('asks which is meant when an id is in two queues', async () => {
    const id = await enqueue('echo', { word: 'a' });
    await enqueue('linger', { ms: 1 });
    const keys = new Keyspace(namespace);
    await client.copy(keys.queue('quick', id), keys.queue('slow', id));
    await client.lpush(keys.queue('slow', 'wait'), id);

    const { code, stderr } = await cli('job', 'cancel', id);

    expect(code).toBe(2);
    expect(stderr).toContain(`job ${id} is in quick and slow; say which with --queue`);
    expect(await cancel(id, '--queue', 'slow')).toMatchObject({ code: 0, document: { queue: 'slow' } });
    expect((await cli('job', 'show', id, '--queue', 'quick')).stdout).toContain('waiting');
  });

  it('does not know a job that is nowhere', async () => {
    await enqueue('echo', { word: 'a' });

    const { code, stderr } = await cli('job', 'cancel', 'nowhere');

    expect(code).toBe(1);
    expect(stderr).toContain('nowhere');
  });
});
