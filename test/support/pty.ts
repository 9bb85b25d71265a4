import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.js';
import { TerminalScreen } from './terminal-screen.js';

/** A program on a terminal of its own, what one sees there, and a person at the keys. */
export interface PtyProgram {
  readonly screen: TerminalScreen;
  /** Everything that was ever written to the terminal. */
  written(): string;
  type(keys: string): void;
  /** Waits until what one sees fits. */
  sees(what: string, fits: (text: string) => boolean): Promise<string>;
  /** Resolves when the program has ended, and everything that it wrote is on the screen. */
  readonly ended: Promise<unknown>;
}

const size = { columns: 100, rows: 30 };

/**
 * Runs a line of the shell on a pseudo-terminal, which `script` of util-linux makes. Before and after it the settings of the terminal are
 * written, so that a test can see whether they are the same.
 */
export function runOnTerminal(line: string): PtyProgram {
  const setUp = `stty cols ${size.columns} rows ${size.rows}; echo "settings $(stty -g)"`;
  const commands = `${setUp}; ${line}; echo "ended with $?"; echo "settings $(stty -g)"`;
  const child = spawn('script', ['-qfec', commands, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const screen = new TerminalScreen(size.columns, size.rows);
  let written = '';
  let failure: unknown;
  child.stdout.setEncoding('utf8').on('data', (bytes: string) => {
    written += bytes;
    try {
      screen.write(bytes);
    } catch (error) {
      failure ??= error;
    }
  });
  return {
    screen,
    ended,
    written: () => written,
    type: (keys) => {
      child.stdin.write(keys);
    },
    async sees(what, fits) {
      await eventually(
        `${what} on the screen`,
        () => {
          if (failure) throw failure;
          return fits(screen.text) || undefined;
        },
        { timeoutMs: 15_000 },
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${screen.text}`);
      });
      return screen.text;
    },
  };
}

/** The settings of the terminal as they were written, before and after. */
export function settingsIn(written: string): string[] {
  return [...written.matchAll(/settings ([\da-f:]+)/g)].map(([, settings]) => settings ?? '');
}
