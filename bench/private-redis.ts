import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerBinary } from '../src/redis/server/find-binary.js';
import { launchServer } from '../src/redis/server/launch-server.js';

/** A Redis server that nobody else uses. */
export interface PrivateRedis {
  readonly url: string;
  readonly pid: number;
}

/** Runs something with a Redis server of its own, in a folder that is gone afterwards. */
export async function withPrivateRedis<T>(
  run: (redis: PrivateRedis) => Promise<T>,
  directives: Readonly<Record<string, string>> = { appendonly: 'yes' },
): Promise<T> {
  const binary = await findServerBinary();
  if (!binary) throw new Error('no redis-server or valkey-server on the PATH; proofs need a real one');
  const directory = await mkdtemp(join(tmpdir(), 'bulwark-prove-'));
  const server = await launchServer({ binary, directory, directives });
  const end = () => {
    process.kill(server.pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  const endAtOnce = () => process.exit(1);
  process.once('exit', end).once('SIGINT', endAtOnce).once('SIGTERM', endAtOnce);
  try {
    return await run(server);
  } finally {
    process.off('exit', end).off('SIGINT', endAtOnce).off('SIGTERM', endAtOnce);
    end();
  }
}
