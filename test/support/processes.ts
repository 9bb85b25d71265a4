import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A line a process wrote. */
export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** The fields of a JSON log line; empty for any other text. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory; by default that of the tests. */
  readonly cwd?: string;
}

/** A process under test and everything it has said so far. */
export interface RunningProcess {
  readonly pid: number;
  readonly lines: readonly OutputLine[];
  readonly exited: Promise<Exit>;
  /** All lines of one stream as one text. */
  text(stream: OutputLine['stream']): string;
  /** Resolves with the first line that fits, also one that came before the call; rejects at the deadline or when the process ends. */
  waitForLine(fits: (line: OutputLine) => boolean, timeoutMs?: number): Promise<OutputLine>;
  /** Sends a signal to this process alone, not to its children. */
  kill(signal: NodeJS.Signals): void;
}

const cli = fileURLToPath(new URL('../../bin/bulwark.mjs', import.meta.url));

/** Runs the built command line: `spawnBulwark(['worker', 'run'], { env })`. When it still runs after the test it is killed. */
export function spawnBulwark(args: readonly string[], options: SpawnOptions = {}): RunningProcess {
  return spawnProcess(process.execPath, [cli, ...args], options);
}

/** Runs any program in a group of its own, so that its children can be cleaned up with it. */
export function spawnProcess(command: string, args: readonly string[], options: SpawnOptions = {}): RunningProcess {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...environmentOfUsers(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => killGroup(child));
  const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }));
  const lines: OutputLine[] = [];
  const listeners = new Set<(line: OutputLine) => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream] }).on('line', (text) => {
      const line = { stream, text, fields: parseFields(text) };
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const text = (stream: OutputLine['stream']) =>
    lines
      .filter((line) => line.stream === stream)
      .map((line) => line.text)
      .join('\n');
  return {
    pid: child.pid ?? 0,
    lines,
    exited,
    text,
    waitForLine(fits, timeoutMs = 10_000) {
      const found = lines.find(fits);
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const fail = (why: string) => {
          settle();
          reject(
            new Error(
              `the awaited line did not come: ${why}; the process said:\n${lines
                .slice(-20)
                .map((line) => line.text)
                .join('\n')}`,
            ),
          );
        };
        const timer = setTimeout(() => fail(`not within ${timeoutMs} ms`), timeoutMs);
        const listener = (line: OutputLine) => {
          if (!fits(line)) return;
          settle();
          resolve(line);
        };
        const settle = () => {
          clearTimeout(timer);
          listeners.delete(listener);
        };
        listeners.add(listener);
        void exited.then(({ code, signal }) => fail(`the process ended with ${signal ?? `exit code ${code}`}`));
      });
    },
    kill(signal) {
      child.kill(signal);
    },
  };
}

async function killGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** What a user's shell has: without the settings of this machine and of the test runner, which the pool would obey. */
function environmentOfUsers(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(BULWARK_|OTEL_|npm_|REDIS_URL$|NODE_ENV$|NODE_OPTIONS$|VITEST|TEST$|FORCE_COLOR$)/.test(name),
    ),
  );
}

function parseFields(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith('{')) return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // A line that only looks like a log line.
    return {};
  }
}
