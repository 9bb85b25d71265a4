import { Queue } from 'bullmq';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Trace } from '../../src/cli/trace/read-trace.js';
import { createWorker } from '../../src/index.js';
import { QueueAdmin } from '../../src/transport/queue-admin.js';
import { useFleet } from '../fixtures/cli/fleet.js';
import { eventually } from '../support/eventually.js';
import { orphan } from '../support/orphan.js';
import { workerBeat } from '../support/worker-beat.js';
import { silent } from './worker-pool/test-pool.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

const fleet = useFleet();
const cli = (...argv: string[]) => fleet().cli(...argv);
const enqueue = (...given: Parameters<ReturnType<typeof fleet>['enqueue']>) => fleet().enqueue(...given);

/** What `job trace --json` says of the one job that has this id. */
async function trace(id: string): Promise<Trace> {
  const { code, document } = await fleet().answer<{ traces: Trace[] }>('job', 'trace', id);
  expect({ code, traces: document.traces.length }).toEqual({ code: 0, traces: 1 });
  return document.traces[0] as Trace;
}
const whats = ({ moments }: Trace): string[] => moments.map(({ what }) => what);

/** A worker inside this test, which serves both queues for tests. */
async function startWorker(): Promise<void> {
  const { url, keys, jobs } = fleet();
  const redis = { url, namespace: keys.namespace };
  const worker = createWorker({ redis, jobs: jobs.kinds.map((kind) => jobs.require(kind)), log: silent });
  onTestFinished(async () => {
    await worker.stop({ drainTimeoutMs: 0 });
  });
  await worker.start();
}

const until = (kind: string, id: string, state: string | undefined) =>
  eventually(`${id} is ${state}`, async () => (await fleet().job(kind, id))?.state === state, { timeoutMs: 10_000 });

/** Takes a waiting job as a worker would that was lost with it, and lets the supervisor set it aside. */
async function quarantine(id: string): Promise<void> {
  const { client, keys } = fleet();
  await client.lmove(keys.queue('slow', 'wait'), keys.queue('slow', 'active'), 'RIGHT', 'LEFT');
  const delays = { delayMs: 3_600_000, spacingMs: 5_000 };
  await new QueueAdmin(client, keys, () => undefined).quarantine(
    orphan('slow', id, '', { at: Date.now() as never }),
    delays,
  );
}

describe('job trace', () => {
  it('tells a job that was retried from its enqueuing to its result', async () => {
    await startWorker();
    const id = await enqueue('stumble', { times: 2 }, { key: 'order-42', tenant: 'acme' });
    await until('stumble', id, 'completed');

    const { code, stdout } = await cli('job', 'trace', id);
    const told = await trace(id);

    expect(code).toBe(0);
    expect(whats(told)).toEqual([
      'enqueued',
      ...Array.from({ length: 2 }, () => ['started', 'attempt_failed']).flat(),
      'started',
      'completed',
    ]);
    expect(told.moments[0]).toMatchObject({ key: 'order-42', tenant: 'acme', by: expect.stringMatching(/^producer-/) });
    expect(told.next).toEqual({ what: 'nothing', because: 'completed' });
    expect(stdout).toMatch(/^ +\+\S+ {2}attempt 1 failed after \S+: Error \(ECONNREFUSED\): smtp:25 is not there \[/m);
    expect(stdout).toMatch(/^ +\+\S+ {2}completed on \S+ after \S+: \{"attempt":3\}$/m);
    expect(stdout).toContain('next        nothing: it has ended (completed)');
  });

  it('tells of a death, a redrive and a second death as one story', async () => {
    await startWorker();
    const id = await enqueue('refuse', { why: 'no such address' });
    await until('refuse', id, undefined);
    await cli('dlq', 'redrive', 'quick', id);
    const { client, keys } = fleet();
    await eventually('it is dead again', () => client.exists(keys.queue('quick.dead', id)));

    const told = await trace(id);

    expect(whats(told)).toEqual([
      'enqueued',
      'started',
      'attempt_failed',
      'dead_lettered',
      'redriven',
      'started',
      'attempt_failed',
      'dead_lettered',
    ]);
    expect(told.moments[3]).toMatchObject({
      reason: 'permanent_error',
      error: { name: 'PermanentError', message: 'no such address' },
    });
    expect(told.deadId).toBe(id);
    expect((await cli('job', 'trace', id)).stdout).toContain(`\`bulwark dlq redrive quick ${id}\``);
  });

  it('tells of the earlier deaths of an id that is in use again, and of all of it by the id of one of them', async () => {
    const ids: string[] = [];
    for (let life = 0; life < 3; life++) {
      ids.push(await enqueue('echo', { word: 'a' }, { key: 'same' }));
      if (life < 2) await cli('job', 'cancel', ids[life] as string, '--why', `wrong, ${life}`);
    }
    const [id = ''] = ids;

    const told = await trace(id);

    expect(whats(told)).toEqual(['enqueued', 'dead_lettered', 'enqueued', 'dead_lettered', 'enqueued']);
    expect(told.moments.filter(({ what }) => what === 'dead_lettered')).toMatchObject([
      { deadId: `${id}~1`, reason: 'cancelled', error: { message: expect.stringContaining('wrong, 0') } },
      { deadId: id, reason: 'cancelled', error: { message: expect.stringContaining('wrong, 1') } },
    ]);
    expect(told.next).toMatchObject({ what: 'starts', ahead: 0 });
    expect(whats(await trace(`${id}~1`))).toEqual(whats(told));
  });

  it('says of a suspect why it is aside and what it waits for; a redrive keeps how it lost its workers', async () => {
    const id = await enqueue('linger', { ms: 1 });
    await quarantine(id);

    const told = await trace(id);
    await cli('job', 'cancel', id);
    await cli('dlq', 'redrive', 'slow', id);

    expect(whats(told)).toEqual(['enqueued', 'crashed', 'parked']);
    expect(told.moments[2]).toMatchObject({ reason: 'quarantine', until: expect.any(Number) });
    expect(told.next).toMatchObject({
      what: 'isolated',
      obstacles: [{ what: 'no_worker' }, { what: 'no_leader' }, { what: 'no_lane' }],
    });
    expect(whats(await trace(id))).toEqual(['enqueued', 'crashed', 'parked', 'dead_lettered', 'redriven']);
  });

  it('says of a job that runs where and for how long, and that it blocks its worker', async () => {
    const { id, worker } = await fleet().startBusy('hog', 6_000);
    const blocked = await eventually('its guard says so', async () => {
      const { next } = await trace(id);
      return next.what === 'ends' && next.runner.state === 'blocked' ? next : undefined;
    });

    await fleet().store.order(worker, { kind: 'cancel', queue: 'slow', jobId: id, why: 'wrong customer' });
    expect((await cli('job', 'trace', id)).stdout).toContain(
      'was told to call it off (wrong customer) and has not heard of it yet',
    );
    expect(blocked.runner).toMatchObject({ worker, blockedMs: expect.any(Number), forMs: expect.any(Number) });
    expect((await cli('job', 'trace', id)).stdout).toMatch(
      /it ends: it runs on \S+, for \S+, and holds up its event loop/,
    );
  });

  it('tells how a job lost its worker, and that it is done by another', async () => {
    await fleet().startSupervisor();
    const { process, worker, id } = await fleet().startBusy('linger', 1_500);
    process.kill('SIGKILL');
    await eventually('it is put back', async () => ((await fleet().job('linger', id))?.crashes ?? 0) > 0, {
      timeoutMs: 10_000,
    });
    const waiting = await trace(id);
    await fleet().startWorker();
    await until('linger', id, 'completed');

    expect(whats(waiting)).toEqual(['enqueued', 'started', 'crashed']);
    expect(waiting.moments[2]).toMatchObject({ what: 'crashed', worker, crash: 1 });
    expect(whats(await trace(id))).toEqual(['enqueued', 'crashed', 'started', 'completed']);
  });
});

describe('what is in the way of a job', () => {
  const obstaclesOf = async (id: string) => {
    const { next } = await trace(id);
    return 'obstacles' in next ? next.obstacles.map(({ what }) => what) : [];
  };
  const quickWorker = (given: object = {}) =>
    fleet().store.beat(
      workerBeat('w1', { kinds: ['echo'], queues: [{ name: 'quick', slots: 5, busy: 1 }], ...given }),
      true,
    );

  it('is that nobody works, that nobody knows its kind, that all slots are taken, or nothing', async () => {
    const id = await enqueue('echo', { word: 'a' });
    expect(await obstaclesOf(id)).toEqual(['no_worker']);
    await quickWorker({ kinds: ['other'] });
    expect(await obstaclesOf(id)).toEqual(['kind_unknown']);
    await quickWorker({ queues: [{ name: 'quick', slots: 5, busy: 5 }] });
    expect(await obstaclesOf(id)).toEqual(['no_slot']);
    await quickWorker();
    expect(await obstaclesOf(id)).toEqual([]);
  });

  it('is that its queue is paused, or runs as many jobs as it may', async () => {
    const { client, keys } = fleet();
    const id = await enqueue('echo', { word: 'a' });
    await quickWorker();
    await cli('queue', 'pause', 'quick');
    await client.hset(keys.queue('quick', 'meta'), 'concurrency', 1);
    await client.lpush(keys.queue('quick', 'active'), 'another');

    expect(await obstaclesOf(id)).toEqual(['queue_paused', 'queue_full']);
  });

  it('is not who goes before it: their number is told', async () => {
    await quickWorker();
    const ids = [];
    for (const word of ['a', 'b', 'c']) ids.push(await enqueue('echo', { word }));
    const [first = '', , third = ''] = ids;
    const urgent = await enqueue('echo', { word: 'd' }, { priority: 5 });

    expect((await trace(first)).next).toMatchObject({ what: 'starts', ahead: 0, freeSlots: 4 });
    expect((await trace(third)).next).toMatchObject({ what: 'starts', ahead: 2 });
    expect((await trace(urgent)).next).toMatchObject({ what: 'starts', ahead: 3 });
  });

  it('is told of one that is not due yet, too', async () => {
    const id = await enqueue('echo', { word: 'a' }, { delay: '1h' });

    expect((await trace(id)).next).toMatchObject({ what: 'due', because: 'delay', obstacles: [{ what: 'no_worker' }] });
  });
});

describe('a job that others wrote', () => {
  /** The queue as plain BullMQ has it. */
  function plain(): Queue {
    const { url, keys } = fleet();
    const queue = new Queue('quick', { connection: { url }, prefix: keys.prefix('quick') });
    onTestFinished(() => queue.close());
    return queue;
  }

  it('is told as far as plain BullMQ says something of it', async () => {
    await enqueue('echo', { word: 'a' });
    const { id = '' } = await plain().add('echo', { word: 'b' }, { delay: 3_600_000 });

    const told = await trace(id);

    expect(told.moments).toMatchObject([{ what: 'enqueued', delayMs: 3_600_000 }]);
    expect(told.next).toMatchObject({ what: 'due', because: 'delay' });
  });

  it('says that a plain BullMQ worker runs it, of which nobody knows more', async () => {
    const { client, keys } = fleet();
    const id = await enqueue('echo', { word: 'a' });
    await client.lmove(keys.queue('quick', 'wait'), keys.queue('quick', 'active'), 'RIGHT', 'LEFT');
    await client.set(keys.queue('quick', `${id}:lock`), '1c0e5b2a-plain:7', 'PX', 30_000);

    expect((await cli('job', 'trace', id)).stdout).toContain('it runs on a plain BullMQ worker');
  });

  it.each<[string, Record<string, string>]>([
    [
      'garbage in every field',
      Object.fromEntries(
        [
          'name',
          'data',
          'opts',
          'timestamp',
          'atm',
          'ats',
          'processedOn',
          'finishedOn',
          'bwh',
          'bwk',
          'bwc',
          'bwt',
          'bws',
          'bwp',
          'progress',
          'returnvalue',
          'pb',
          'parentKey',
          'rjk',
          'defa',
        ].map((field) => [field, '{"\u001b[2J":[']),
      ),
    ],
    [
      'lists of the wrong things',
      {
        name: 'x',
        bwh: '[null,7,{"error":{}}]',
        bwk: '[{}]',
        bwt: '[{"what":"parked"},{"what":7}]',
        bws: '[1,{"name":"a"}]',
      },
    ],
    ['an object for every list', { data: '', bwh: '{}', bwk: '{"a":1}', bwt: '{"a":1}', bws: '{"a":1}', opts: '"x"' }],
  ])('is told without a fault when its hash holds %s', async (_what, hash) => {
    const { client, keys } = fleet();
    await enqueue('echo', { word: 'a' });
    await client.hset(keys.queue('quick', 'odd'), hash);

    const { code, stdout } = await cli('job', 'trace', 'odd');

    expect(code).toBe(0);
    expect(stdout).toContain('in no list: the job is lost');
    expect(stdout).not.toContain('\u001b');
  });

  it('among the dead letters is told, too, whatever its record holds', async () => {
    const { client, keys } = fleet();
    await enqueue('echo', { word: 'a' });
    await client.hset(keys.queue('quick.dead', 'odd'), { name: 'x', bwd: '[]', timestamp: 5, finishedOn: 9 });
    await client.zadd(keys.queue('quick.dead', 'failed'), 9, 'odd');

    expect((await trace('odd')).moments).toMatchObject([
      { at: 5 },
      { at: 9, what: 'dead_lettered', reason: 'unknown' },
    ]);
  });
});

describe('a job that is nowhere', () => {
  const absence = async (id: string) => {
    const { code, stderr } = await cli('job', 'trace', id);
    return { code, said: stderr };
  };

  it('completed, and is no longer kept', async () => {
    await startWorker();
    const id = await enqueue('echo', { word: 'a' });
    await until('echo', id, 'completed');
    const { client, keys } = fleet();
    await client.zrem(keys.queue('quick', 'completed'), id);
    await client.del(keys.queue('quick', id));

    expect(await absence(id)).toMatchObject({ code: 1, said: expect.stringContaining('it completed in quick at 20') });
  });

  it('completed, and its idempotency key is remembered', async () => {
    await startWorker();
    const id = await enqueue('echo', { word: 'a' }, { key: 'order-43' });
    await until('echo', id, 'completed');
    const { client, keys } = fleet();
    await client.zrem(keys.queue('quick', 'completed'), id);
    await client.del(keys.queue('quick', id));

    expect(await absence(id)).toMatchObject({
      code: 1,
      said: expect.stringMatching(/its work is done.*quick remembers its idempotency key, with the result/s),
    });
  });

  it('was purged from its queue', async () => {
    const id = await enqueue('echo', { word: 'a' });
    await cli('queue', 'purge', 'quick', '--yes');

    expect(await absence(id)).toMatchObject({ code: 1, said: expect.stringContaining('it was purged since') });
  });

  it('died, and its dead letter was purged', async () => {
    const id = await enqueue('echo', { word: 'a' });
    await cli('job', 'cancel', id);
    await cli('dlq', 'purge', 'quick', id, '--yes');

    expect(await absence(id)).toMatchObject({
      code: 1,
      said: expect.stringContaining('its dead letter was purged since'),
    });
  });

  it('was never there, or long ago; nor is a key of the queue a job', async () => {
    await enqueue('echo', { word: 'a' });
    await cli('queue', 'pause', 'quick');

    for (const id of ['nowhere', 'wait', 'meta', 'events', 'id']) {
      expect(await absence(id)).toMatchObject({ code: 1, said: expect.stringContaining('It was never there') });
    }
  });
});

it('asks in each queue in which an id is, or in the one that is named', async () => {
  const { client, keys } = fleet();
  const id = await enqueue('echo', { word: 'a' });
  await enqueue('linger', { ms: 1 });
  await client.copy(keys.queue('quick', id), keys.queue('slow', id));

  const { document } = await fleet().answer<{ traces: Trace[] }>('job', 'trace', id);

  expect(document.traces.map(({ job }) => job.queue)).toEqual(['quick', 'slow']);
  expect((await cli('job', 'trace', id, '--queue', 'slow')).stdout).toContain('queue       slow');
});
