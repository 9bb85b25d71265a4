import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { startDoor } from '../worker-pool/door.js';
import { signal } from '../worker-pool/signal.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A worker behind a door, with the connection on which it talks and the one on which it waits. No supervisor is there to help. */
async function startBehindDoor(hold: Promise<unknown> = Promise.resolve()) {
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
  const worker = await pool().worker([job], { redis: door.url, worker: { concurrency: 1 } });
  await eventually('it waits in Redis', async () =>
    /cmd=bzpopmin/.test((await pool().client.client('LIST')) as string),
  );
  const [talk] = door.passages;
  if (!talk) throw new Error('nobody came through the door');
  return { talk, job, producer, runs, worker };
}

it('runs a job at once whose fetch was answered into a connection that broke', async () => {
  const { talk, job, producer, runs } = await startBehindDoor();
  talk.silence();
  const enqueued = await producer.enqueue(job, {});
  await eventually('Redis gave the job away', async () => (await pool().inspector.sample(job.queue.name)).active === 1);

  talk.cut();

  expect(await producer.wait(enqueued, { timeout: '2s' })).toBe('done');
  expect(runs).toEqual([enqueued.id]);
  expect(await pool().inspector.job(job.queue.name, enqueued.id)).toMatchObject({ attemptsMade: 1, crashes: 0 });
});

it('runs the next job at once when the end of the one before was answered into a connection that broke', async () => {
  const goOn = signal();
  const { talk, job, producer, runs, worker } = await startBehindDoor(goOn.promise);
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
  const { talk, job, producer, runs, worker } = await startBehindDoor(goOn.promise);
  const enqueued = await producer.enqueue(job, { held: true });
  await eventually('it runs', () => worker.busy === 1);

  talk.cut();
  const other = await producer.enqueue(job, {});
  goOn.send();

  expect(await producer.wait(enqueued)).toBe('done');
  expect(await producer.wait(other)).toBe('done');
  expect(runs).toEqual([enqueued.id, other.id]);
});
