import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorMessage } from '../../errors/error-message.js';
import { findFreePort, loopback } from './free-port.js';
import { type ProcessHandle, readyServer, type ServerProcess } from './server-process.js';
import { ServerStartError } from './server-start-error.js';

export interface LaunchOptions {
  /** The program: a name on the PATH, or a path. */
  readonly binary: string;
  /** Where the server keeps its files and its log; made when missing. */
  readonly directory: string;
  /** A port of the loopback address; by default a free one. */
  readonly port?: number;
  /** Lines of redis.conf beyond ours; a list holds the words of one line. */
  readonly directives?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * Keeps the server out of the terminal's reach: a Ctrl-C goes to its keeper only, which stops it last.
   * @defaultValue false
   */
  readonly detached?: boolean;
  /** Told as soon as the process exists, before it answers. */
  readonly onSpawn?: (server: { readonly url: string; readonly pid: number }) => void;
}

/** A free port can be taken by a stranger between our look and the server's bind; thrice in a row is no accident. */
const portAttempts = 3;
const quotedLogLines = 5;
const logFile = 'redis.log';

/**
 * Starts a Redis or Valkey process on the loopback address and waits until it answers. It never evicts and writes no
 * snapshots; everything else is as `directives` say.
 *
 * @throws ServerStartError when it ends or stays silent instead; its own words are in the message.
 */
export async function launchServer(options: LaunchOptions): Promise<ServerProcess> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOnce(options, directory, options.port ?? (await findFreePort()));
    } catch (error) {
      const portTaken = error instanceof ServerStartError && error.message.includes('Address already in use');
      if (!portTaken || options.port !== undefined || attempt === portAttempts) throw error;
    }
  }
}

async function launchOnce(options: LaunchOptions, directory: string, port: number): Promise<ServerProcess> {
  const url = `redis://${loopback}:${port}`;
  await writeFile(join(directory, logFile), '');
  const child = spawn(options.binary, serverArguments(options.directives, port), {
    cwd: directory,
    stdio: 'ignore',
    detached: options.detached ?? false,
  });
  const { pid } = child;
  try {
    if (pid === undefined) await once(child, 'spawn');
    else options.onSpawn?.({ url, pid });
    return await readyServer(url, childHandle(child, pid ?? 0));
  } catch (cause) {
    child.kill('SIGKILL');
    const words = await logTail(directory);
    throw new ServerStartError(
      `${options.binary} did not start in ${directory}: ${errorMessage(cause)}${words && `; it said:\n${words}`}`,
      { cause },
    );
  }
}

function serverArguments(directives: LaunchOptions['directives'], port: number): string[] {
  const lines = {
    port: String(port),
    bind: loopback,
    'protected-mode': 'yes',
    daemonize: 'no',
    dir: './',
    logfile: logFile,
    loglevel: 'warning',
    save: '',
    'maxmemory-policy': 'noeviction',
    ...directives,
  };
  return Object.entries(lines).flatMap(([name, words]) => [`--${name}`, ...[words].flat()]);
}

function childHandle(child: ChildProcess, pid: number): ProcessHandle {
  return {
    pid,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    signal: (name) => {
      child.kill(name);
    },
  };
}

async function logTail(directory: string): Promise<string> {
  const log = await readFile(join(directory, logFile), 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-quotedLogLines).join('\n');
}
