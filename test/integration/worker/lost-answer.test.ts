import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { startDoor } from '../worker-pool/door.js';
import { signal } from '../worker-pool/signal.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A worker behind a door, with the connection on which it talks and the one on which it waits. No supervisor is there to help. */
async function startBehindDoor({ hold = Promise.resolve() as Promise<unknown>, concurrency = 1 } = {}) {
  const door = await startDoor(pool().server.port);
  const runs: string[] = [];
  const job = defineJob({
    kind: 'do',
    queue: pool().queue(),
    payload: z.looseObject({}),
    run: async ({ held }, ctx) => {
      runs.push(ctx.jobId);
      if (held) await hold;
      return 'done';
    },
  });
  const producer = pool().producer();
  const worker = await pool().worker([job], { redis: door.url, worker: { concurrency } });
  await eventually('it waits in Redis', async () =>
    /cmd=bzpopmin/.test((await pool().client.client('LIST')) as string),
  );
  const [talk] = door.passages;
  const bell = door.passages.find(({ waits }) => waits);
  if (!talk || !bell) throw new Error('nobody came through the door');
  return { door, talk, bell, job, producer, runs, worker };
}

it.each([
  ['a connection', ['bell']],
  ['connections', ['bell', 'talk']],
] as const)('runs a job at once whose fetch was answered into %s that broke', async (_what, broken) => {
  const { job, producer, runs, talk, bell } = await startBehindDoor();
  const passages = { talk, bell };
  const before = await producer.enqueue(job, {});
  await producer.wait(before);
  for (const name of broken) passages[name].silence();
  const enqueued = await producer.enqueue(job, {});
  await eventually('Redis gave the job away', async () => (await pool().inspector.sample(job.queue.name)).active === 1);

  for (const name of broken) passages[name].cut();

  expect(await producer.wait(enqueued, { timeout: '2s' })).toBe('done');
  expect(runs).toEqual([before.id, enqueued.id]);
  expect(await pool().inspector.job(job.queue.name, enqueued.id)).toMatchObject({ attemptsMade: 1, crashes: 0 });
});

it('runs the next job at once when the end of the one before was answered into a connection that broke', async () => {
  const goOn = signal();
  const { talk, job, producer, runs, worker } = await startBehindDoor({ hold: goOn.promise });
  const first = await producer.enqueue(job, { held: true });
  await eventually('it runs', () => worker.busy === 1);
  const second = await producer.enqueue(job, {});
  talk.silence();
  goOn.send();
  await eventually(
    'Redis has taken the end',
    async () => (await pool().inspector.sample(job.queue.name)).completed === 1,
  );

  talk.cut();

  expect(await producer.wait(first, { timeout: '2s' })).toBe('done');
  expect(await producer.wait(second, { timeout: '2s' })).toBe('done');
  expect(runs).toEqual([first.id, second.id]);
});

it('leaves alone what it runs when its connection breaks', async () => {
  const goOn = signal();
  const { talk, job, producer, runs, worker } = await startBehindDoor({ hold: goOn.promise });
  const enqueued = await producer.enqueue(job, { held: true });
  await eventually('it runs', () => worker.busy === 1);

  talk.cut();
  const other = await producer.enqueue(job, {});
  goOn.send();

  expect(await producer.wait(enqueued)).toBe('done');
  expect(await producer.wait(other)).toBe('done');
  expect(runs).toEqual([enqueued.id, other.id]);
});

it('is given no job on a connection that broke on its side only', async () => {
  const { door, bell, job, producer, runs } = await startBehindDoor();
  const waiting = async () => ((await pool().client.client('LIST')) as string).match(/cmd=bzpopmin/g)?.length ?? 0;
  const waits = door.passages.filter((passage) => passage.waits).length;

  bell.forget();
  await eventually('it waits anew', () => door.passages.filter((passage) => passage.waits).length > waits);
  await eventually('and Redis knows of that wait only', async () => (await waiting()) === 1);
  const enqueued = await producer.enqueue(job, {});

  expect(await producer.wait(enqueued, { timeout: '2s' })).toBe('done');
  expect(runs).toEqual([enqueued.id]);
});

it('is given no job that it does not ask for while another runs: its handler may hold the event loop up', async () => {
  const goOn = signal();
  const { door, job, producer, runs, worker } = await startBehindDoor({ hold: goOn.promise, concurrency: 2 });
  const first = await producer.enqueue(job, { held: true });
  await eventually('it runs', () => worker.busy === 1);
  await eventually('it waits for another', () => door.passages.some(({ waits }) => waits));

  for (const passage of door.passages) if (passage.waits) passage.silence();
  const second = await producer.enqueue(job, {});
  const { active, waiting } = await pool().inspector.sample(job.queue.name);
  goOn.send();

  expect({ active, waiting }).toEqual({ active: 1, waiting: 1 });
  await producer.wait(first);
  await producer.wait(second);
  expect(runs).toEqual([first.id, second.id]);
});
