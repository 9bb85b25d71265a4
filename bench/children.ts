import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process under measurement. */
export interface MeasuredProcess {
  readonly pid: number;
  /** Resolves when it is gone, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** Resolves with the first line of its output that fits; rejects when it ends, or after the deadline. */
  lineThat(fits: (line: string) => boolean, deadlineMs: number): Promise<string>;
  /** Asks it to end, and ends it when it does not. */
  stop(): Promise<void>;
}

const killAfterMs = 10_000;

/** Starts a Node program with its output in our hands. */
export function startNode(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): MeasuredProcess {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Whoever is interrupted has no time to wait for the end of what it started.
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  return {
    pid: child.pid ?? -1,
    ended: once(child, 'exit'),
    lineThat: (fits, deadlineMs) => lineThat(child, lines, listeners, fits, deadlineMs),
    stop: () => stop(child),
  };
}

function lineThat(
  child: ChildProcess,
  seen: readonly string[],
  listeners: Set<(line: string) => void>,
  fits: (line: string) => boolean,
  deadlineMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      listeners.delete(look);
      act();
    };
    const look = (line: string) => {
      if (fits(line)) settle(() => resolve(line));
    };
    const fail = (why: string) => settle(() => reject(new Error(`${why}; it said:\n${seen.slice(-20).join('\n')}`)));
    const timer = setTimeout(() => fail(`no such line within ${deadlineMs} ms`), deadlineMs);
    child.once('exit', (code, signal) => fail(`the process ended (${code ?? signal})`));
    listeners.add(look);
    for (const line of seen) look(line);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await exited;
  clearTimeout(timer);
}
