import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerBinary } from '../../src/redis/server/find-binary.js';
import { installHint } from '../../src/redis/server/install-hint.js';
import { launchServer } from '../../src/redis/server/launch-server.js';
import type { ServerProcess } from '../../src/redis/server/server-process.js';

export interface TestRedisOptions {
  /**
   * Keeps data on disk, so that they survive `restart` and `kill` + `restart`.
   * @defaultValue false
   */
  readonly appendOnly?: boolean;
  /** Lines of redis.conf; a list holds the words of one line. */
  readonly directives?: Readonly<Record<string, string | readonly string[]>>;
}

/** A real Redis on a free port, for one test file. Its address stays the same over restarts. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server as a crash would; `restart` brings it back. */
  kill(): Promise<void>;
  /** Stops the server if it runs and starts it again on the same port and files. */
  restart(): Promise<void>;
  /** Stops the server and deletes its files. */
  stop(): Promise<void>;
}

export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const binary = await findServerBinary();
  if (binary === undefined) throw new Error(`tests need a real Redis, and none is on the PATH:\n${installHint}`);
  const directory = mkdtempSync(join(tmpdir(), 'bulwark-redis-'));
  // What is written survives a crash of the process, flushed or not. While it flushes, once a second, Redis may answer before it writes.
  const persistence = options.appendOnly ? { appendonly: 'yes', appendfsync: 'no' } : { appendonly: 'no' };
  const directives = { ...persistence, ...options.directives };
  const launch = (port?: number): Promise<ServerProcess> =>
    launchServer({ binary, directory, directives, ...(port !== undefined && { port }) });

  let server = await launch();
  const endWithProcess = () => {
    if (server.isAlive()) process.kill(server.pid, 'SIGKILL');
  };
  process.once('exit', endWithProcess);
  return {
    url: server.url,
    port: server.port,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    async restart() {
      await server.terminate();
      server = await launch(server.port);
    },
    async stop() {
      process.off('exit', endWithProcess);
      await server.terminate();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
