import { join, relative } from 'node:path';
import type { Logger } from 'pino';
import type { ResolvedRedisOptions } from '../../config/option-types.js';
import { redisAddress } from '../connection.js';
import { startEmbeddedServer } from './embedded-server.js';
import { findServerBinary } from './find-binary.js';
import { installHint } from './install-hint.js';
import { startPrivateServer } from './private-server.js';

export interface AcquireOptions {
  /** The user's own Redis; left out, the pool gets one for itself. */
  readonly redis?: ResolvedRedisOptions;
  readonly dataDir: string;
  readonly log: Logger;
}

/** The Redis a pool runs on, wherever it came from. */
export interface AcquiredServer {
  readonly kind: 'external' | 'redis' | 'valkey' | 'embedded';
  readonly url: string;
  /** One line that says what was chosen, for people. */
  readonly description: string;
  /** What a user must know before relying on this server: several lines, to be shown as they are. */
  readonly warning?: string;
  /** Ends the server if it is the pool's own. */
  stop(): Promise<void>;
}

/**
 * Finds the pool a Redis: the given one, else a private one when a server program is on the PATH, else the embedded one.
 * Nothing is ever installed. A given address is not tried here: whoever connects says better what is wrong.
 *
 * @throws PoolRunningError when another pool runs in the data folder.
 * @throws ServerStartError when the private server does not come up.
 */
export async function acquireServer({ redis, dataDir, log }: AcquireOptions): Promise<AcquiredServer> {
  if (redis !== undefined) {
    const description = `Redis at ${redisAddress(redis)}`;
    return { kind: 'external', url: redis.url, description, stop: async () => undefined };
  }
  const binary = await findServerBinary();
  return binary === undefined ? acquireEmbedded(dataDir) : acquirePrivate(binary, dataDir, log);
}

async function acquirePrivate(binary: string, dataDir: string, log: Logger): Promise<AcquiredServer> {
  const server = await startPrivateServer({ binary, dataDir, log });
  const name = server.kind === 'valkey' ? 'Valkey' : 'Redis';
  const origin = server.adopted ? ', left running by a pool that was killed' : '';
  return {
    kind: server.kind,
    url: server.url,
    description: `${name} ${server.version} at ${server.url}, private to this pool${origin}; jobs are kept in ${relative('', join(dataDir, 'redis'))}`,
    stop: () => server.stop(),
  };
}

async function acquireEmbedded(dataDir: string): Promise<AcquiredServer> {
  const server = await startEmbeddedServer({ dataDir });
  return {
    kind: server.kind,
    url: server.url,
    description: `embedded stand-in for Redis at ${server.url}: jobs are lost when this pool stops`,
    warning: embeddedWarning,
    stop: () => server.stop(),
  };
}

const embeddedWarning = `No redis-server or valkey-server was found, so this pool runs on a stand-in inside its own process.
It is for a first look: slow, and every job is lost when the pool stops. Install a real one and start again:
${installHint}
or set BULWARK_REDIS_URL to a Redis that you have.`;
