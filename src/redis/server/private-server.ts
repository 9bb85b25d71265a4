import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { PeriodicService } from '../../service/periodic-service.js';
import { claimFolder } from './folder-claim.js';
import { launchServer } from './launch-server.js';
import { foreignProcess, readyServer, type ServerProcess } from './server-process.js';
import { readServerRecord, removeServerRecord, type ServerRecord, writeServerRecord } from './server-record.js';
import { ServerStartError } from './server-start-error.js';
import { withStartLock } from './start-lock.js';

export interface PrivateServerOptions {
  /** `redis-server`, `valkey-server` or a path to one. */
  readonly binary: string;
  /** The pool's folder: data lie in `redis/` below it, the record of the running server in `redis.json`. */
  readonly dataDir: string;
  readonly log: Logger;
}

/** A Redis of the pool's own, kept alive on one address until it is stopped. */
export interface PrivateServer {
  readonly url: string;
  readonly kind: 'redis' | 'valkey';
  readonly version: string;
  /** Changes when the server had to be started again. */
  readonly pid: number;
  /** True when it is the server of a keeper that died. */
  readonly adopted: boolean;
  /** Ends the server: it writes what it holds first. Safe to call twice. */
  stop(): Promise<void>;
}

/** A server that died is noticed within about this long, on the side of the pool that does nothing else. */
const watchIntervalMs = 500;

/**
 * Starts a durable Redis on a free port of the loopback address, or takes over the one that a killed keeper left behind.
 *
 * It survives its keeper: a pool that starts again in the same folder finds its jobs. A server that dies while its keeper
 * lives is started again on the same address.
 *
 * @throws PoolRunningError when another pool runs in the folder.
 * @throws ServerStartError when the server does not come up.
 */
export async function startPrivateServer(options: PrivateServerOptions): Promise<PrivateServer> {
  const dataDir = resolve(options.dataDir);
  const { binary, log } = options;
  return claimFolder(dataDir, {
    launch: async () => keepServer(await launch(binary, dataDir), { binary, dataDir, log }, false),
    adopt: async (record) => {
      writeServerRecord(dataDir, { ...record, keeperPid: process.pid });
      const server = await readyServer(record.url, foreignProcess(record.pid));
      log.warn({ redisPid: record.pid, url: record.url, keeperPid: record.keeperPid }, 'redis.adopted');
      return keepServer(server, { binary, dataDir, log }, true);
    },
  });
}

function keepServer(
  first: ServerProcess,
  { binary, dataDir, log }: PrivateServerOptions,
  adopted: boolean,
): PrivateServer {
  let server = first;
  const watch = new PeriodicService({
    name: 'redis-watch',
    intervalMs: watchIntervalMs,
    log,
    run: async () => {
      if (server.isAlive()) return;
      log.error({ redisPid: server.pid }, 'redis.exited');
      server = await relaunch(binary, dataDir, server);
      log.warn({ redisPid: server.pid, url: server.url }, 'redis.restarted');
    },
  });
  watch.start();

  const end = async (): Promise<void> => {
    await watch.stop();
    await server.terminate();
    if (readServerRecord(dataDir)?.pid === server.pid) removeServerRecord(dataDir);
  };
  let ended: Promise<void> | undefined;
  return {
    url: first.url,
    kind: first.identity.kind,
    version: first.identity.version,
    get pid() {
      return server.pid;
    },
    adopted,
    stop() {
      ended ??= end();
      return ended;
    },
  };
}

async function launch(binary: string, dataDir: string, port?: number): Promise<ServerProcess> {
  try {
    return await launchServer({
      binary,
      directory: join(dataDir, 'redis'),
      directives: { appendonly: 'yes' },
      detached: true,
      ...(port !== undefined && { port }),
      // Written before the server answers: should this keeper be killed now, its successor must find the process.
      onSpawn: ({ url, pid }) => {
        writeServerRecord(dataDir, newRecord(url, pid));
      },
    });
  } catch (error) {
    removeServerRecord(dataDir);
    throw error;
  }
}

/** Under the lock, because another pool may have come to the folder in the moment in which no server ran there. */
function relaunch(binary: string, dataDir: string, dead: ServerProcess): Promise<ServerProcess> {
  return withStartLock(dataDir, () => {
    const record = readServerRecord(dataDir);
    if (record !== undefined && record.keeperPid !== process.pid) {
      throw new ServerStartError(`the pool of process ${record.keeperPid} has taken ${dataDir}; this one must stop`);
    }
    return launch(binary, dataDir, dead.port);
  });
}

function newRecord(url: string, pid: number): ServerRecord {
  return { url, kind: 'process', pid, keeperPid: process.pid, startedAt: new Date().toISOString() };
}
