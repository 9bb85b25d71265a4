import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { JobHistory } from '../../../src/transport/job-history.js';
import { QueueFences } from '../../../src/transport/queue-fences.js';
import { queueKeys } from '../../../src/transport/queue-keys.js';
import { eventually } from '../../support/eventually.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A queue of which twenty jobs are done, with a log each, and one waits. */
async function history() {
  const { client, keyspace } = pool();
  const queue = pool().queue();
  const job = defineJob({ kind: 'do', queue, payload: z.object({ n: z.int() }), run: ({ n }) => n });
  const keys = queueKeys(keyspace, queue.name);
  const producer = pool().producer();
  await producer.enqueueMany(
    job,
    Array.from({ length: 20 }, (_, n) => ({ n })),
  );
  const worker = await pool().worker([job], { worker: { concurrency: 1 } });
  await eventually('all are done', async () => (await client.zcard(keys.completed)) === 20);
  await worker.stop();
  const { id: waiting } = await producer.enqueue(job, { n: 20 });
  const done = await client.zrange(keys.completed, '0', '-1');
  for (const id of done) await client.rpush(`${keys['']}${id}:logs`, 'a line');
  return { queue: queue.name, keys, done, waiting, trims: new JobHistory(client, keyspace) };
}

it('loses its oldest jobs, with all that belongs to them, and nothing else', async () => {
  const { client } = pool();
  const { queue, keys, done, waiting, trims } = await history();

  const limits = { keep: 5, most: 10, olderThanMs: 0 };

  const young = await trims.trim(queue, { ...limits, olderThanMs: 60_000 }, 1);
  const first = await trims.trim(queue, limits, 1);
  const second = await trims.trim(queue, limits, 1);
  const third = await trims.trim(queue, limits, 1);

  expect([young, first, second, third]).toEqual([0, 10, 5, 0].map((jobs) => ({ kind: 'trimmed', jobs })));
  expect(await client.zrange(keys.completed, '0', '-1')).toEqual(done.slice(15));
  const left = (await client.keys(`${keys['']}*`)).filter((key) => done.some((id) => key.includes(id)));
  expect(left.sort()).toEqual(
    done
      .slice(15)
      .flatMap((id) => [`${keys['']}${id}`, `${keys['']}${id}:logs`])
      .sort(),
  );
  expect(await client.exists(`${keys['']}${waiting}`)).toBe(1);
});

it('is not touched for a leader of whom a later one has taken over', async () => {
  const { client, keyspace } = pool();
  const { queue, keys, trims } = await history();
  await new QueueFences(client, keyspace, recordLog().log).raise(7, [queue]);

  expect(await trims.trim(queue, { keep: 0, most: 10, olderThanMs: 0 }, 6)).toEqual({ kind: 'deposed' });
  expect(await client.zcard(keys.completed)).toBe(20);
});
