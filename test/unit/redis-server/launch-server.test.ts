import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { findFreePort, loopback } from '../../../src/redis/server/free-port.js';
import { launchServer } from '../../../src/redis/server/launch-server.js';
import { probeServer } from '../../../src/redis/server/server-probe.js';
import { startRedis, type TestRedis, type TestRedisOptions } from '../../support/redis-server.js';
import { temporaryFolder } from '../../support/temp-folder.js';

async function start(options: TestRedisOptions): Promise<TestRedis> {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

async function ask<T>(redis: TestRedis, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

it('keeps address and appended data over a crash', async () => {
  const redis = await start({ appendOnly: true, directives: { appendfsync: 'always' } });
  const { url } = redis;
  await ask(redis, (client) => client.set('job', '42'));

  await redis.kill();
  expect(await probeServer(url)).toEqual({ kind: 'absent' });
  await redis.restart();

  expect(redis.url).toBe(url);
  expect(await ask(redis, (client) => client.get('job'))).toBe('42');
});

it('passes directives of one and of several words on', async () => {
  const redis = await start({
    directives: { maxclients: '77', 'client-output-buffer-limit': ['pubsub', '1mb', '1mb', '10'] },
  });

  expect(await ask(redis, (client) => client.config('GET', 'maxclients'))).toEqual(['maxclients', '77']);
  expect(String(await ask(redis, (client) => client.config('GET', 'client-output-buffer-limit')))).toContain(
    'pubsub 1048576 1048576 10',
  );
});

it('says that the port is taken, in the words of the server', async () => {
  const port = await findFreePort();
  const stranger = createServer().listen(port, loopback);
  onTestFinished(() => {
    stranger.close();
  });

  const launched = launchServer({ binary: 'redis-server', directory: temporaryFolder(), port });

  await expect(launched).rejects.toThrow(/Address already in use/);
});

it('takes a server that is stopped in its tracks for silent, not for absent', async () => {
  const redis = await start({});
  process.kill(redis.pid, 'SIGSTOP');

  const probe = await probeServer(redis.url, 200);

  process.kill(redis.pid, 'SIGCONT');
  expect(probe).toEqual({ kind: 'silent' });
});
