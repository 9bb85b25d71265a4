import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { Client, type ClientConfig } from 'pg';
import type { Connection } from '../../examples/outbox/outbox.js';
import { eventually } from './eventually.js';

const run = promisify(execFile);

export interface TestDatabase {
  connect(): Promise<Connection & { end(): Promise<void> }>;
  stop(): Promise<void>;
}

/** A PostgreSQL server of one test file, reached through a socket in its own folder. */
export interface TestPostgres extends TestDatabase {
  readonly url: string;
  connect(settings?: ClientConfig): Promise<Client>;
}

/** The folder of `initdb` and `postgres`: on the PATH, or where Debian keeps them; undefined when there is none. */
export function findPostgres(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : [];
  return [...(process.env['PATH'] ?? '').split(delimiter), ...versions].find((folder) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))),
  );
}

export async function startPostgres(programs: string): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-postgres-'));
  const account = unprivilegedAccount();
  if (account) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'], account);
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-k', folder, '-h', '', '-F'], {
    ...account,
    cwd: folder,
    stdio: 'ignore',
  });
  const endWithProcess = () => server.kill('SIGQUIT');
  process.once('exit', endWithProcess);
  const url = `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`;
  const connect = async (settings: ClientConfig = {}) => {
    const client = new Client({ connectionString: url, ...settings });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  await eventually('PostgreSQL answers', async () => (await connect()).end().then(() => true), { timeoutMs: 20_000 });
  return {
    url,
    connect,
    async stop() {
      process.off('exit', endWithProcess);
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill('SIGINT');
  await exit;
}

/** PostgreSQL does not run as root: then `nobody` runs it. */
function unprivilegedAccount(): { readonly uid: number; readonly gid: number } | undefined {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;
}

/**
 * PostgreSQL inside this process: its transactions are real, but there is one session, which all connections share. So a
 * test must not ask anything while a relay runs.
 */
export async function startPglite(): Promise<TestDatabase> {
  const database = await PGlite.create();
  return {
    async connect() {
      return {
        async query(text, params) {
          if (params !== undefined) return database.query<Record<string, unknown>>(text, params);
          const [result] = await database.exec(text);
          return { rows: result?.rows ?? [] };
        },
        // What the end of a connection does to a transaction that it leaves open.
        end: async () => void (await database.exec('ROLLBACK')),
      };
    },
    stop: () => database.close(),
  };
}
