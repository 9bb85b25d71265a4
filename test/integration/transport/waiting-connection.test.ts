import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { startDoor } from '../worker-pool/door.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

it('waits for work in peace although its waiting connection failed at first', async () => {
  const door = await startDoor(pool().server.port, (turn) => turn === 2 || turn === 3);
  const { log, said } = recordLog();
  const job = defineJob({ kind: 'do', queue: pool().queue(), payload: z.looseObject({}), run: () => 'done' });
  const worker = await pool().worker([job], { redis: door.url, log });
  const producer = pool().producer();

  const waiting = async () => /name=\S+ .*cmd=bzpopmin/.test((await pool().client.client('LIST')) as string);
  await eventually('it waits in Redis', waiting);
  const startedAt = performance.now();
  const result = await producer.wait(await producer.enqueue(job, {}));

  expect(result).toBe('done');
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(door.passages.length).toBeGreaterThanOrEqual(4);
  expect(said('fetch.failed').length).toBeLessThanOrEqual(1);
  await worker.stop();
});
