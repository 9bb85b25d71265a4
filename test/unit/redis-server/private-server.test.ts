import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { findRunningServer } from '../../../src/redis/server/find-running.js';
import { type PrivateServer, startPrivateServer } from '../../../src/redis/server/private-server.js';
import { probeServer } from '../../../src/redis/server/server-probe.js';
import { eventually } from '../../support/eventually.js';
import { spawnKeeper } from '../../support/keeper.js';
import { temporaryFolder } from '../../support/temp-folder.js';

async function start(dataDir: string, binary = 'redis-server'): Promise<PrivateServer> {
  const server = await startPrivateServer({ binary, dataDir, log: pino({ level: 'silent' }) });
  onTestFinished(() => server.stop());
  return server;
}

function connect(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  return client;
}

it('serves on the loopback address, appends to a file and never evicts', async () => {
  const dataDir = temporaryFolder();

  const server = await start(dataDir);

  const client = connect(server.url);
  expect(new URL(server.url).hostname).toBe('127.0.0.1');
  expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  expect(await client.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
  expect(server.version).toMatch(/^\d+\.\d+/);
});

it('keeps its data over a stop and a start', async () => {
  const dataDir = temporaryFolder();
  const first = await start(dataDir);
  await connect(first.url).set('job', '42');
  await first.stop();

  const second = await start(dataDir);

  expect(await connect(second.url).get('job')).toBe('42');
});

it('is found by others while it runs, and leaves no record when it was stopped', async () => {
  const dataDir = temporaryFolder();
  const server = await start(dataDir);

  expect(await findRunningServer(dataDir)).toBe(server.url);
  await server.stop();

  expect(await findRunningServer(dataDir)).toBeUndefined();
  expect(() => readFileSync(join(dataDir, 'redis.json'))).toThrow('ENOENT');
  expect(await probeServer(server.url)).toEqual({ kind: 'absent' });
});

it('refuses a second pool in the folder, naming the process and what to do', async () => {
  const dataDir = temporaryFolder();
  await start(dataDir);

  const second = start(dataDir);

  await expect(second).rejects.toMatchObject({
    code: 'BULWARK_POOL_RUNNING',
    message: expect.stringContaining(`kill ${process.pid}`),
  });
});

it('lets exactly one win when several processes start at the same instant', async () => {
  const dataDir = temporaryFolder();

  const keepers = [1, 2, 3].map(() => spawnKeeper(dataDir));
  const answers = await Promise.all(keepers.map((keeper) => keeper.waitForLine((line) => 'event' in line.fields)));

  const events = answers.map((line) => line.fields['event']).sort();
  expect(events).toEqual(['ready', 'refused', 'refused']);
  expect(answers.find((line) => line.fields['event'] === 'refused')?.fields['code']).toBe('BULWARK_POOL_RUNNING');
});

it('adopts the server that a killed keeper left, with its data', async () => {
  const dataDir = temporaryFolder();
  const keeper = spawnKeeper(dataDir);
  const { fields } = await keeper.waitForLine((line) => line.fields['event'] === 'ready');
  await connect(String(fields['url'])).set('job', '42');
  keeper.kill('SIGKILL');
  await keeper.exited;

  const server = await start(dataDir);

  expect(server).toMatchObject({ adopted: true, pid: fields['pid'], url: fields['url'] });
  expect(await connect(server.url).get('job')).toBe('42');
  await server.stop();
  expect(await probeServer(server.url)).toEqual({ kind: 'absent' });
});

it('launches a new one when the record names a process that is no Redis', async () => {
  const dataDir = temporaryFolder();
  const record = {
    url: 'redis://127.0.0.1:1',
    kind: 'process',
    pid: process.pid,
    keeperPid: process.pid,
    startedAt: '',
  };
  writeFileSync(join(dataDir, 'redis.json'), JSON.stringify(record));

  const server = await start(dataDir);

  expect(server.adopted).toBe(false);
  expect(await findRunningServer(dataDir)).toBe(server.url);
});

it.each(['', '{', '[]', '{"url":"redis://127.0.0.1:1","kind":"process","pid":-1,"keeperPid":0}'])(
  'launches over a record that reads %j',
  async (text) => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'redis.json'), text);

    const server = await start(dataDir);

    expect(await findRunningServer(dataDir)).toBe(server.url);
  },
);

it('takes over the lock of a process that died while it started', async () => {
  const dataDir = temporaryFolder();
  const dead = spawnKeeper(temporaryFolder());
  dead.kill('SIGKILL');
  await dead.exited;
  writeFileSync(join(dataDir, 'redis.lock'), String(dead.pid));

  const server = await start(dataDir);

  expect(server.adopted).toBe(false);
});

it('starts the server again on the same address when it dies, with its data', async () => {
  const dataDir = temporaryFolder();
  const server = await start(dataDir);
  const client = connect(server.url);
  await client.set('job', '42');
  const firstPid = server.pid;

  process.kill(firstPid, 'SIGKILL');

  await eventually('the server runs again', () => server.pid !== firstPid);
  expect(await client.get('job')).toBe('42');
  expect(await findRunningServer(dataDir)).toBe(server.url);
});

it('quotes the server when it does not come up, and leaves no record', async () => {
  const dataDir = temporaryFolder();

  const missing = start(dataDir, 'no-such-redis-server');
  await expect(missing).rejects.toThrow('no-such-redis-server');
  const broken = start(dataDir, 'false');
  await expect(broken).rejects.toMatchObject({ code: 'BULWARK_REDIS_UNAVAILABLE' });

  expect(() => readFileSync(join(dataDir, 'redis.json'))).toThrow('ENOENT');
});
