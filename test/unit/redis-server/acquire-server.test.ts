import { networkInterfaces } from 'node:os';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { RedisOptions } from '../../../src/config/option-types.js';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { type AcquiredServer, acquireServer } from '../../../src/redis/server/acquire-server.js';
import { findRunningServer } from '../../../src/redis/server/find-running.js';
import { probeServer } from '../../../src/redis/server/server-probe.js';
import { temporaryFolder } from '../../support/temp-folder.js';

async function acquire(dataDir: string, given?: RedisOptions): Promise<AcquiredServer> {
  const server = await acquireServer({
    dataDir,
    log: pino({ level: 'silent' }),
    ...(given && { redis: resolveRedisInput(given) }),
  });
  onTestFinished(() => server.stop());
  return server;
}

function withoutServerPrograms(): void {
  vi.stubEnv('PATH', temporaryFolder());
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

it('takes the address it is given and hides its password', async () => {
  const server = await acquire(temporaryFolder(), { url: 'redis://app:secret@queue.example:6379' });

  expect(server).toMatchObject({ kind: 'external', url: 'redis://app:secret@queue.example:6379' });
  expect(server.description).toContain('queue.example');
  expect(server.description).not.toContain('secret');
});

it('takes the master of the sentinels it is given', async () => {
  const sentinels = ['one.example:26379', 'two.example:26379'];

  const server = await acquire(temporaryFolder(), { sentinels, sentinelName: 'main' });

  expect(server.kind).toBe('external');
  expect(server.description).toBe('Redis at the master main of the sentinels one.example:26379, two.example:26379');
});

it('starts a private server when a program for it is on the PATH', async () => {
  const dataDir = temporaryFolder();

  const server = await acquire(dataDir);

  expect(['redis', 'valkey']).toContain(server.kind);
  expect(server.warning).toBeUndefined();
  expect(server.description).toMatch(/^(Redis|Valkey) \d.*, private to this pool; jobs are kept in .*redis$/);
});

it('falls back to the embedded server, and says what that means', async () => {
  withoutServerPrograms();
  const dataDir = temporaryFolder();

  const server = await acquire(dataDir);

  expect(server.kind).toBe('embedded');
  expect(server.description).toContain('jobs are lost when this pool stops');
  expect(server.warning).toContain('apt-get install redis-server');
  expect(await findRunningServer(dataDir)).toBe(server.url);
});

it('offers the embedded server to this machine only', async () => {
  withoutServerPrograms();
  const server = await acquire(temporaryFolder());
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4');

  for (const { address } of outside) {
    const probe = await probeServer(`redis://${address}:${new URL(server.url).port}`);

    expect(probe).toEqual({ kind: 'absent' });
  }
});

it('stops the embedded server while clients are connected', async () => {
  withoutServerPrograms();
  const dataDir = temporaryFolder();
  const server = await acquire(dataDir);
  const client = new Redis(server.url, { maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  await client.set('job', '42');

  await server.stop();

  expect(await probeServer(server.url)).toEqual({ kind: 'absent' });
  expect(await findRunningServer(dataDir)).toBeUndefined();
});

it('refuses a second pool beside an embedded one', async () => {
  withoutServerPrograms();
  const dataDir = temporaryFolder();
  await acquire(dataDir);

  const second = acquire(dataDir);

  await expect(second).rejects.toMatchObject({ code: 'BULWARK_POOL_RUNNING' });
});
