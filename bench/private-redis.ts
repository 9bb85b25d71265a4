import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
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
  // Whoever is interrupted has no time to wait for the server's end.
  const endAtOnce = () => {
    process.kill(server.pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const exit = () => process.exit(1);
  process.once('exit', endAtOnce).once('SIGINT', exit).once('SIGTERM', exit);
  try {
    return await run(server);
  } finally {
    process.off('exit', endAtOnce).off('SIGINT', exit).off('SIGTERM', exit);
    await server.kill();
    await rm(directory, { recursive: true, force: true });
  }
}
