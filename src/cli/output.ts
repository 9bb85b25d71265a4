import { styleText } from 'node:util';

/** A colour or another mark, in the words of `styleText`. */
export type Format = Parameters<typeof styleText>[0];

/** After these there is room, or nobody reads any more. */
const drainEvents = ['drain', 'close', 'error'] as const;

type StreamEvent = (typeof drainEvents)[number];

/** Where a command writes: a stream that may be a terminal. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Whether more can be written: false when its reader has gone. */
  readonly writable?: boolean;
  on?(event: StreamEvent, listener: () => void): unknown;
  off?(event: StreamEvent, listener: () => void): unknown;
  /** False where colours are not wanted: it knows NO_COLOR, FORCE_COLOR and what the terminal can do. */
  hasColors?(): boolean;
}

export interface OutputStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Marks a word for people who see colours; for everybody else it stays as it is. */
export type Paint = (format: Format, text: string) => string;

/**
 * What a command says. Data go to stdout, so that they can be piped; everything else goes to stderr.
 *
 * With `--json` stdout gets exactly one document, whatever happens.
 */
export class Output {
  readonly json: boolean;
  readonly paint: Paint;
  readonly #streams: OutputStreams;
  #answered = false;

  constructor(streams: OutputStreams, json: boolean) {
    this.#streams = streams;
    this.json = json;
    this.paint = createPaint(streams.stdout);
  }

  /** Whether a person may be watching stderr: only then there is progress to see. */
  get watched(): boolean {
    return this.#streams.stderr.isTTY === true && !this.json;
  }

  /** The answer of the command: the document with `--json`, else the text, if there is any. */
  answer(document: unknown, text: () => string): void {
    if (this.json) {
      this.document(document);
      return;
    }
    const words = text();
    if (words !== '') this.#streams.stdout.write(`${words}\n`);
  }

  /** What only programs want to read: nothing without `--json`. The first document is the one that counts. */
  document(document: unknown): void {
    if (!this.json || this.#answered) return;
    this.#answered = true;
    this.#streams.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  }

  /**
   * A part of an answer that is too long for memory: waits while its reader is slow.
   *
   * @returns false when nobody reads any more
   */
  async pour(text: string): Promise<boolean> {
    const { stdout } = this.#streams;
    if (stdout.write(text) === false && stdout.writable !== false) await untilDrained(stdout);
    return stdout.writable !== false;
  }

  /** A note, a warning or progress, for people. */
  say(line: string): void {
    this.#streams.stderr.write(`${line}\n`);
  }
}

function createPaint(stream: OutputStream): Paint {
  const colours = stream.isTTY === true && stream.hasColors?.() === true;
  // The stream was judged above; newer versions of Node would judge stdout once more.
  return (format, text) => (colours ? styleText(format, text, { validateStream: false }) : text);
}

function untilDrained(stream: OutputStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of drainEvents) stream.off?.(event, done);
      resolve();
    };
    for (const event of drainEvents) stream.on?.(event, done);
  });
}
