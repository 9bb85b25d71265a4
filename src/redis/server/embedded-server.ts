import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import { claimFolder } from './folder-claim.js';
import { loopback } from './free-port.js';
import { PoolRunningError } from './pool-running-error.js';
import { readServerRecord, removeServerRecord, writeServerRecord } from './server-record.js';

/** A stand-in for Redis inside this process: nothing to install, nothing kept. */
export interface EmbeddedServer {
  readonly url: string;
  readonly kind: 'embedded';
  /** Ends the server and forgets everything in it. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts js-redis-server on a free port of the loopback address and records it in the data folder.
 *
 * It is assembled from the package's parts because its ready-made server listens on every address of the machine.
 *
 * @throws PoolRunningError when another pool runs in the folder, or has left its Redis running there.
 */
export async function startEmbeddedServer({ dataDir }: { readonly dataDir: string }): Promise<EmbeddedServer> {
  const folder = resolve(dataDir);
  return claimFolder(folder, {
    launch: async () => {
      const server = await listenEmbedded();
      writeServerRecord(folder, {
        url: server.url,
        kind: 'embedded',
        pid: process.pid,
        keeperPid: process.pid,
        startedAt: new Date().toISOString(),
      });
      return {
        ...server,
        stop: async () => {
          await server.stop();
          if (readServerRecord(folder)?.url === server.url) removeServerRecord(folder);
        },
      };
    },
    adopt: ({ pid, url }) => {
      throw new PoolRunningError(
        `the Redis of an earlier pool still runs in ${folder} (process ${pid}, ${url}), and its program is no longer on the PATH; put it back to go on with its jobs, or end it with \`kill ${pid}\``,
        { details: { dataDir: folder, pid, url } },
      );
    },
  });
}

async function listenEmbedded(): Promise<EmbeddedServer> {
  const { createRedisCommandExecutor, RedisServerState, Resp2Server } = await import('js-redis-server/core');
  const state = new RedisServerState({ databaseCount: 16 });
  const { server } = new Resp2Server({ server: state, executor: createRedisCommandExecutor() });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  return {
    url: `redis://${loopback}:${(server.address() as AddressInfo).port}`,
    kind: 'embedded',
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      // A server waits for its clients to leave first, and ours would come back for ever.
      for (const socket of sockets) socket.destroy();
      await closed;
      state.close();
    },
  };
}
