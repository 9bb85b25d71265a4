import type { ChildProcess } from 'node:child_process';
import { finished, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Takes whole lines, each with its end. */
export interface LineWriter {
  write(text: string): void;
}

/** Where the output of a pool's processes goes. */
export interface PoolOutput {
  readonly stdout: LineWriter;
  readonly stderr: LineWriter;
}

/** As many as a crash record holds. */
const tailLines = 20;
/** More of a line than a crash record holds, so that a secret at the cut can be seen for one. */
const tailLineLength = 16_384;
/** A line longer than this is broken: its end may never come. */
const longestLine = 1_048_576;

/**
 * Passes on what a process writes, by whole lines, so that the lines of several processes do not mix, and remembers the last
 * ones. Never holds up the process: what the outside does not take is lost there.
 */
export class ChildOutput {
  /** Resolves when there is nothing more to read. A grandchild that inherited the output can delay that for ever. */
  readonly ended: Promise<unknown>;
  #tail: string[] = [];

  constructor({ stdout, stderr }: Pick<ChildProcess, 'stdout' | 'stderr'>, output: PoolOutput) {
    this.ended = Promise.all([this.#pass(stdout, output.stdout), this.#pass(stderr, output.stderr)]);
  }

  /** The last lines so far of both streams, in the order in which they came. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** There is no stream when the system had no room for the process. */
  #pass(from: Readable | null | undefined, to: LineWriter): Promise<void> {
    if (!from) return Promise.resolve();
    const decoder = new StringDecoder('utf8');
    let begun = '';
    from.on('data', (chunk: Buffer) => {
      const text = begun + decoder.write(chunk);
      const end = text.lastIndexOf('\n') + 1;
      begun = text.slice(end);
      if (end > 0) this.#take(text.slice(0, end), to);
      if (begun.length < longestLine) return;
      this.#take(`${begun}\n`, to);
      begun = '';
    });
    return new Promise((resolve) => {
      finished(from, () => {
        const rest = begun + decoder.end();
        if (rest !== '') this.#take(`${rest}\n`, to);
        resolve();
      });
    });
  }

  #take(lines: string, to: LineWriter): void {
    to.write(lines);
    const last = lines.split('\n').slice(0, -1).slice(-tailLines);
    this.#tail = [...this.#tail, ...last.map((line) => line.slice(0, tailLineLength))].slice(-tailLines);
  }
}
