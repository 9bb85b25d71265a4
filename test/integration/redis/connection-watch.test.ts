import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openNetworkPath } from '../../../bench/faults/network-path.js';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { defineJob } from '../../../src/index.js';
import { connectRedis, type RedisClient } from '../../../src/redis/connection.js';
import { eventually } from '../../support/eventually.js';
import { startPool, type TestPool, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A client whose way to Redis can be parted. */
async function connectByPath(manner: 'patient' | 'prompt') {
  const path = await openNetworkPath(pool().server.port);
  onTestFinished(() => path.close());
  const redis = resolveRedisInput({ url: path.url, commandTimeoutMs: 500 });
  const client = await connectRedis({ redis, name: 'watched', manner, onError: () => undefined });
  onTestFinished(() => client.disconnect());
  return { path, client };
}

/** Unlike `once` it does not mind the error that says why. */
function closed(client: RedisClient): Promise<void> {
  return new Promise((resolve) => {
    client.once('close', resolve);
  });
}

describe('a connection that swallows what it is given', () => {
  it('is made anew, also when it falls silent while it is made, and what was asked on it is answered', async () => {
    const { path, client } = await connectByPath('patient');
    path.part();
    const asked = client.ping();
    await closed(client);

    await closed(client);
    path.heal('forgotten');

    expect(await asked).toBe('PONG');
  });

  it('serves a caller again who was told that there was no answer', async () => {
    const { path, client } = await connectByPath('prompt');
    path.part();
    await expect(client.ping()).rejects.toThrow('timed out');
    await closed(client);
    path.heal('late');

    expect(await eventually('it answers', () => client.ping())).toBe('PONG');
  });

  it('is left alone while nothing is asked', async () => {
    const { path, client } = await connectByPath('patient');
    const { stream } = client;
    path.part();

    await sleep(2_500);
    path.heal('late');

    expect(await client.ping()).toBe('PONG');
    expect(client.stream).toBe(stream);
  });

  it('is kept when it is this process that was held up', async () => {
    const { client } = await connectByPath('patient');
    const { stream } = client;
    const asked = client.ping();
    for (const until = performance.now() + 3_000; performance.now() < until; );

    expect(await asked).toBe('PONG');
    await sleep(600);
    expect(client.stream).toBe(stream);
  });
});

describe('a Redis that is slow for longer than a connection may be silent', () => {
  it.each<[string, (pool: TestPool) => Promise<unknown>]>([
    ['because it holds its clients back', (slow) => slow.client.client('PAUSE', '3500', 'ALL')],
    ['because it is busy', (slow) => slow.client.call('DEBUG', 'SLEEP', '3.5')],
  ])('loses no job and runs none twice, %s', { timeout: 20_000 }, async (_how, slowDown) => {
    const slow = await startPool({ directives: { 'enable-debug-command': 'local' } });
    const runs: string[] = [];
    const job = defineJob({
      kind: 'do',
      queue: slow.queue(),
      payload: z.looseObject({}),
      run: async (_payload, ctx) => {
        runs.push(ctx.jobId);
        await sleep(20);
      },
    });
    const jobs = await slow.producer().enqueueMany(
      job,
      Array.from({ length: 500 }, () => ({})),
    );
    await slow.supervisor();
    await slow.worker([job], { worker: { concurrency: 4 } });
    await slow.worker([job], { worker: { concurrency: 4 } });
    await eventually('they work', () => runs.length >= 50);

    await slowDown(slow);
    await eventually(
      'every job has ended',
      async () => (await slow.inspector.sample(job.queue.name)).completed === jobs.length,
      { timeoutMs: 10_000 },
    );

    expect(runs.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  });
});
