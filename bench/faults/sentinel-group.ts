import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findFreePort } from '../../src/redis/server/free-port.js';
import { type CrashingRedis, serverBinary, startCrashingRedis } from './crashing-redis.js';

/** A master with two replicas and three sentinels that watch them: real processes. */
export interface SentinelGroup {
  /** `host:port` of each sentinel. */
  readonly sentinels: readonly string[];
  /** What they call the master. */
  readonly sentinelName: string;
  /** Cuts the replicas off from the master, which goes on alone: what it accepts from now on nobody else has. */
  cutReplication(): Promise<void>;
  /** Kills the master; the sentinels promote a replica. */
  crashMaster(): Promise<void>;
  /** Resolves when another than that master has been promoted and accepts writes. */
  untilPromoted(): Promise<void>;
  /** Resolves when both replicas have all that was written so far. */
  untilReplicated(): Promise<void>;
  remove(): Promise<void>;
}

const sentinelName = 'main';
const count = { replicas: 2, sentinels: 3 };
/** Shorter, and a busy machine would look like a dead master. */
const downAfterMs = 1_500;
const patienceMs = 60_000;

export async function startSentinelGroup(): Promise<SentinelGroup> {
  const master = await startCrashingRedis();
  const replicas = await Promise.all(
    Array.from({ length: count.replicas }, () => startCrashingRedis({ replicaof: `127.0.0.1 ${master.port}` })),
  );
  const directory = await mkdtemp(join(tmpdir(), 'bulwark-sentinels-'));
  const sentinels = await Promise.all(
    Array.from({ length: count.sentinels }, (_, number) => startSentinel(join(directory, `${number}`), master.port)),
  );
  const kill = () => {
    for (const { child } of sentinels) child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const [first] = sentinels;
  if (!first) throw new Error('a group needs a sentinel');
  await until('the sentinels know each other and the replicas', () => isComplete(first.client));

  return {
    sentinels: sentinels.map(({ port }) => `127.0.0.1:${port}`),
    sentinelName,
    cutReplication: () => cutReplication(master),
    crashMaster: () => master.crash(),
    untilPromoted: () => until('another master accepts writes', () => acceptsWrites(first.client, master.port)),
    untilReplicated: () => until('the replicas have everything', () => hasReplicated(master)),
    remove: async () => {
      process.off('exit', kill);
      for (const { client, child } of sentinels) {
        client.disconnect();
        child.kill('SIGKILL');
      }
      await Promise.all([master, ...replicas].map((server) => server.remove()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Sentinel {
  readonly port: number;
  readonly child: ChildProcess;
  readonly client: Redis;
}

async function startSentinel(directory: string, masterPort: number): Promise<Sentinel> {
  const port = await findFreePort();
  await mkdir(directory);
  // Sentinels write what they learn into their configuration.
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    'logfile sentinel.log',
    `sentinel monitor ${sentinelName} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${sentinelName} ${downAfterMs}`,
    `sentinel failover-timeout ${sentinelName} 10000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const child = spawn(await serverBinary(), [file, '--sentinel'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const client = quietClient(port);
  await client.ping();
  return { port, child, client };
}

async function isComplete(sentinel: Redis): Promise<boolean> {
  const fields = fieldsOf((await sentinel.call('SENTINEL', 'MASTER', sentinelName)) as string[]);
  return (
    fields['flags'] === 'master' &&
    Number(fields['num-slaves']) === count.replicas &&
    Number(fields['num-other-sentinels']) === count.sentinels - 1
  );
}

async function acceptsWrites(sentinel: Redis, formerPort: number): Promise<boolean> {
  const [, port] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinelName)) as string[];
  if (Number(port) === formerPort) return false;
  const client = quietClient(Number(port));
  try {
    return (await client.set('fault:probe', '1')) === 'OK';
  } finally {
    client.disconnect();
  }
}

/** WAIT answers for what its own connection has written, and replication keeps the order of all writes. */
async function hasReplicated({ port }: CrashingRedis): Promise<boolean> {
  const client = quietClient(port);
  try {
    await client.set('fault:probe', '0');
    return (await client.wait(count.replicas, 1_000)) === count.replicas;
  } finally {
    client.disconnect();
  }
}

/** Who connects anew needs a password that the replicas do not know; who is connected may stay. */
async function cutReplication({ port }: CrashingRedis): Promise<void> {
  const client = quietClient(port);
  await client.config('SET', 'requirepass', 'nobody knows');
  await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
  client.disconnect();
}

function quietClient(port: number): Redis {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 });
  client.on('error', () => undefined);
  return client;
}

function fieldsOf(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(words.flatMap((name, at) => (at % 2 === 0 ? [[name, words[at + 1] ?? '']] : [])));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; ) {
    if (await holds().catch(() => false)) return;
    await sleep(20);
  }
  throw new Error(`${what}: not within ${patienceMs} ms`);
}
