import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerBinary } from '../../src/redis/server/find-binary.js';
import { launchServer } from '../../src/redis/server/launch-server.js';

/** A Redis of its own that can be killed and started again on the same address and files. */
export interface CrashingRedis {
  readonly url: string;
  readonly port: number;
  /** Kills it: nothing is written any more. */
  crash(): Promise<void>;
  /** Starts it again; resolves when it has read its data and answers. */
  restart(): Promise<void>;
  /** Ends it and deletes its files. */
  remove(): Promise<void>;
}

/** Starts such a Redis. It keeps every write in its append-only file, which a crash of the process alone does not take away. */
export async function startCrashingRedis(directives: Readonly<Record<string, string>> = {}): Promise<CrashingRedis> {
  const binary = await serverBinary();
  const directory = await mkdtemp(join(tmpdir(), 'bulwark-fault-'));
  const launch = (port?: number) =>
    launchServer({
      binary,
      directory,
      // While it flushes, once a second, Redis may answer before it writes: on a slow disk a crash would take that away.
      directives: { appendonly: 'yes', appendfsync: 'no', ...directives },
      ...(port !== undefined && { port }),
    });
  let server = await launch();
  const endAtOnce = () => {
    if (server.isAlive()) process.kill(server.pid, 'SIGKILL');
  };
  process.once('exit', endAtOnce);
  return {
    url: server.url,
    port: server.port,
    crash: () => server.kill(),
    restart: async () => {
      server = await launch(server.port);
    },
    remove: async () => {
      process.off('exit', endAtOnce);
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** @throws Error when there is none: faults are shown on a real Redis. */
export async function serverBinary(): Promise<string> {
  const binary = await findServerBinary();
  if (binary === undefined) throw new Error('no redis-server or valkey-server on the PATH; faults need a real one');
  return binary;
}
