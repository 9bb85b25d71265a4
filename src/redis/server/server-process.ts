import { pause } from '../../time/clock.js';
import { awaitReady } from './await-ready.js';
import { isProcessAlive } from './process-alive.js';
import type { ServerIdentity } from './server-probe.js';

/** A Redis or Valkey process that is ours to stop. */
export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly identity: ServerIdentity;
  isAlive(): boolean;
  /** Asks the process to write what it holds and end; kills it when it takes too long. Safe to call when it is gone. */
  terminate(): Promise<void>;
  /** Ends the process as a crash would: at once, nothing written. */
  kill(): Promise<void>;
}

/** How a process is seen and told. */
export interface ProcessHandle {
  readonly pid: number;
  isAlive(): boolean;
  signal(name: NodeJS.Signals): void;
}

/** The last second of an append-only file is written in far less. */
const terminateDeadlineMs = 10_000;
/** A killed process is gone once the kernel has freed its memory. */
const killDeadlineMs = 2000;

/**
 * Waits until the process answers, and gives it the form in which the rest of Bulwark holds it.
 *
 * @throws ServerStartError when it ends or stays silent instead.
 */
export async function readyServer(url: string, handle: ProcessHandle): Promise<ServerProcess> {
  const { pid } = handle;
  const isAlive = () => handle.isAlive();
  const identity = await awaitReady({ url, pid, isAlive });

  const isGone = async (deadlineMs: number): Promise<boolean> => {
    const deadline = performance.now() + deadlineMs;
    while (isAlive() && performance.now() < deadline) await pause(10);
    return !isAlive();
  };
  const kill = async (): Promise<void> => {
    if (isAlive()) handle.signal('SIGKILL');
    await isGone(killDeadlineMs);
  };
  const terminate = async (): Promise<void> => {
    if (isAlive()) handle.signal('SIGTERM');
    if (!(await isGone(terminateDeadlineMs))) await kill();
  };
  return { url, port: Number(new URL(url).port), pid, identity, isAlive, terminate, kill };
}

/** A process that another keeper started, known by its id only. */
export function foreignProcess(pid: number): ProcessHandle {
  return {
    pid,
    isAlive: () => isProcessAlive(pid),
    signal: (name) => {
      process.kill(pid, name);
    },
  };
}
