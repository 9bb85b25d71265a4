import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A door before Redis that shuts in the face of some who come, by their turn (from 1). */
async function startDoor(refuses: (turn: number) => boolean): Promise<{ url: string; opened: () => number }> {
  let turns = 0;
  const sockets = new Set<Socket>();
  const door = createServer((inner) => {
    turns += 1;
    sockets.add(inner);
    inner.on('error', () => undefined);
    if (refuses(turns)) {
      inner.destroy();
      return;
    }
    const outer = connect(pool().server.port, '127.0.0.1');
    sockets.add(outer);
    outer.on('error', () => undefined);
    inner.pipe(outer).pipe(inner);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    door.close();
  });
  return { url: `redis://127.0.0.1:${(door.address() as AddressInfo).port}`, opened: () => turns };
}

it('waits for work in peace although its waiting connection failed at first', async () => {
  const door = await startDoor((turn) => turn === 2 || turn === 3);
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
  expect(door.opened()).toBeGreaterThanOrEqual(4);
  expect(said('fetch.failed').length).toBeLessThanOrEqual(1);
  await worker.stop();
});
