import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerBinary } from '../src/redis/server/find-binary.js';
import { launchServer } from '../src/redis/server/launch-server.js';

/** Runs something with a Redis server of its own, in a folder that is gone afterwards. */
export async function withPrivateRedis<T>(run: (url: string, folder: string) => Promise<T>): Promise<T> {
  const binary = await findServerBinary();
  if (!binary) throw new Error('no redis-server or valkey-server on the PATH; proofs need a real one');
  const folder = await mkdtemp(join(tmpdir(), 'bulwark-prove-'));
  const server = await launchServer({ binary, directory: folder, directives: { appendonly: 'yes' } });
  try {
    return await run(server.url, folder);
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
