import { writeSync } from 'node:fs';
import { frameWrites, type Shown } from './frame-writes.js';
import type { Line } from './line.js';

/** The alternate screen, no cursor, no wrapping; and all of it back as it was. */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[?2026l\u001b[?7h\u001b[?25h\u001b[?1049l';

export type TerminalOutput = NodeJS.WriteStream & { readonly fd: number };

export interface LiveScreenEvents {
  /** What was typed. */
  readonly onInput: (bytes: string) => void;
  /** Its size changed, or it has room for another frame again. */
  readonly onRoom: () => void;
  /** Nobody looks any more: the terminal is gone. */
  readonly onGone: () => void;
}

/**
 * The whole terminal, for as long as something is shown there. A frame is one write and only what changed; while the terminal is slow to take
 * one, further ones are left out instead of piling up. However the process ends, but for SIGKILL, the terminal is as it was before.
 */
export class LiveScreen {
  readonly #out: TerminalOutput;
  readonly #in: NodeJS.ReadStream;
  readonly #events: LiveScreenEvents;
  #shown: Shown | undefined;
  #isFull = false;
  #isOpen = false;

  constructor(out: TerminalOutput, input: NodeJS.ReadStream, events: LiveScreenEvents) {
    this.#out = out;
    this.#in = input;
    this.#events = events;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    // A terminal that does not know its size says 0.
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  open(): void {
    this.#isOpen = true;
    process.once('exit', this.#restoreNow).on('uncaughtExceptionMonitor', this.#restoreNow);
    process.on('SIGCONT', this.#resumed);
    this.#out.on('resize', this.#resized).on('drain', this.#drained).on('error', this.#events.onGone);
    this.#out.write(enter);
    if (!this.#in.isTTY) return;
    this.#in.setRawMode(true);
    this.#in.setEncoding('utf8').on('data', this.#events.onInput).on('end', this.#events.onGone).resume();
  }

  /** Shows these lines. Left out while the terminal has not taken the frame before: `onRoom` says when it has. */
  draw(lines: readonly Line[]): void {
    if (!this.#isOpen || this.#isFull) return;
    const after = { lines, ...this.size };
    const writes = frameWrites(this.#shown, after);
    this.#shown = after;
    if (writes !== '') this.#isFull = !this.#out.write(writes);
  }

  /** Forgets what is on the screen, so that the next frame draws all of it. */
  forget(): void {
    this.#shown = undefined;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#letGo();
    this.#out.write(leave);
  }

  readonly #resized = (): void => {
    this.forget();
    this.#events.onRoom();
  };

  /** It was stopped for a while, and a shell had the terminal: that is as the shell wants it now. */
  readonly #resumed = (): void => {
    this.#out.write(enter);
    if (this.#in.isTTY) this.#in.setRawMode(true);
    this.#resized();
  };

  readonly #drained = (): void => {
    this.#isFull = false;
    this.#events.onRoom();
  };

  /** Nothing that is written later than this is seen any more: not through the stream, which may not have its turn. */
  readonly #restoreNow = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#letGo();
    try {
      writeSync(this.#out.fd, leave);
    } catch {
      // The terminal is gone, and with it what was to be restored.
    }
  };

  #letGo(): void {
    process.off('exit', this.#restoreNow).off('uncaughtExceptionMonitor', this.#restoreNow);
    process.off('SIGCONT', this.#resumed);
    this.#out.off('resize', this.#resized).off('drain', this.#drained).off('error', this.#events.onGone);
    if (!this.#in.isTTY) return;
    this.#in.off('data', this.#events.onInput).off('end', this.#events.onGone).pause();
    try {
      this.#in.setRawMode(false);
    } catch {
      // As above.
    }
  }
}
