import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';

export interface LineSinkOptions {
  /** Whether what is written is shown on a terminal, when the descriptor cannot know: a keeper passes it on. */
  readonly terminal?: boolean;
  readonly write?: (fd: number, bytes: Uint8Array) => number;
  readonly elapsed?: () => number;
  readonly sleep?: (ms: number) => void;
}

/** In each window of time a writer waits for its reader no longer than this: a tenth of its time. */
const windowMs = 1_000;
const patienceMs = 100;
const stepMs = 5;

/** Nobody will ever read again: the pipe's other end is closed, the terminal is gone. */
const endings: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO', 'EBADF']);

/**
 * Writes lines to a file descriptor, at once and in this thread: the last words of a process that dies are the ones worth having.
 *
 * A reader that is slow or stopped costs its lines, never the writer's work: the writer waits for a tenth of its time at
 * most, and what does not fit into the pipe then is lost, by whole lines. How many is told when the reader is back. A reader
 * that is gone ends nothing.
 */
export class LineSink {
  readonly isTTY: boolean;
  /** Told how many lines were lost, as soon as lines are taken again. */
  onLoss: (lines: number) => void = () => undefined;
  readonly #fd: number;
  readonly #options: Required<Omit<LineSinkOptions, 'terminal'>>;
  #gone = false;
  /** The end of what was taken in part. It goes first, so that no line is broken. */
  #rest: Uint8Array | undefined;
  #lost = 0;
  #windowFrom = Number.NEGATIVE_INFINITY;
  #waitedMs = 0;

  constructor(
    fd: 1 | 2,
    { terminal, write = writeSync, elapsed = elapsedMs, sleep = sleepInThread }: LineSinkOptions = {},
  ) {
    this.#fd = fd;
    this.#options = { write, elapsed, sleep };
    this.isTTY = terminal ?? isatty(fd);
  }

  /** Writes one line or more, each with its end. */
  write(text: string): void {
    if (this.#gone) return;
    if (this.#rest !== undefined) this.#rest = this.#push(this.#rest);
    const bytes = Buffer.from(text);
    const left = this.#rest === undefined ? this.#push(bytes) : bytes;
    if (left?.length === bytes.length) {
      this.#lost += linesIn(text);
      return;
    }
    this.#rest = left;
    if (this.#lost === 0 || this.#gone) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.onLoss(lost);
  }

  /** Hands bytes to the system; returns those it did not take. */
  #push(bytes: Uint8Array): Uint8Array | undefined {
    let left = bytes;
    while (left.length > 0) {
      try {
        left = left.subarray(this.#options.write(this.#fd, left));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        this.#gone = endings.has(code);
        if (this.#gone) return undefined;
        if (code !== 'EAGAIN' || !this.#wait()) return left;
      }
    }
    return undefined;
  }

  /** Waits a little for the reader; false when it was waited for enough. */
  #wait(): boolean {
    const { elapsed, sleep } = this.#options;
    const before = elapsed();
    if (before - this.#windowFrom >= windowMs) {
      this.#windowFrom = before;
      this.#waitedMs = 0;
    }
    if (this.#waitedMs >= patienceMs) return false;
    sleep(stepMs);
    this.#waitedMs += elapsed() - before;
    return true;
  }
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function elapsedMs(): number {
  return performance.now();
}

function sleepInThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
