import { errorMessage } from '../../errors/error-message.js';
import { type Clock, pause } from '../../time/clock.js';
import type { Paint } from '../output.js';
import { spokenDuration } from '../wording.js';
import { LiveScreen, type TerminalOutput } from './live-screen.js';
import type { PoolPicture } from './picture.js';
import { renderFrame } from './render-frame.js';
import { decideKey, keysIn, openingView, type ViewState } from './view-state.js';

/** A picture that is older than an interval and this is not the present any more, and says so. */
const patienceMs = 1_500;

export interface LiveViewParts {
  readonly read: () => Promise<PoolPicture>;
  /** How often Redis is asked. */
  readonly everyMs: number;
  readonly paint: Paint;
  readonly clock: Clock;
  readonly stdout: TerminalOutput;
  readonly stdin: NodeJS.ReadStream;
}

/**
 * Shows the pool until somebody quits. While Redis does not answer, the last picture stays and says how old it is; it goes on by itself when
 * Redis is back.
 */
export class LiveView {
  readonly #parts: LiveViewParts;
  readonly #screen: LiveScreen;
  readonly #ending = new AbortController();
  #view: ViewState = openingView;
  #picture: { readonly last: PoolPicture; readonly at: number } | undefined;
  #failure: unknown;
  #isReading = false;

  constructor(parts: LiveViewParts) {
    this.#parts = parts;
    this.#screen = new LiveScreen(parts.stdout, parts.stdin, {
      onInput: (bytes) => this.#typed(bytes),
      onRoom: () => this.#draw(),
      onGone: () => this.#ending.abort(),
    });
  }

  /** Resolves when somebody quits, by key or by signal, or the terminal is gone. */
  async run(): Promise<void> {
    const { signal } = this.#ending;
    const quit = () => this.#ending.abort();
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const each of signals) process.on(each, quit);
    try {
      // The first picture before the screen: what is wrong from the start is said as by every command.
      this.#picture = { last: await this.#parts.read(), at: this.#parts.clock.elapsed() };
      this.#screen.open();
      while (!signal.aborted) {
        this.#draw();
        await pause(this.#parts.everyMs, signal);
        if (!this.#view.paused) this.#look();
      }
    } finally {
      this.#screen.close();
      for (const each of signals) process.off(each, quit);
    }
  }

  /** Begins a look, unless one is under way: a Redis that is slow is not asked more. */
  #look(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#parts
      .read()
      .then(
        (last) => {
          this.#picture = { last, at: this.#parts.clock.elapsed() };
          this.#failure = undefined;
        },
        (error: unknown) => {
          this.#failure = error;
        },
      )
      .finally(() => {
        this.#isReading = false;
        this.#draw();
      });
  }

  #typed(bytes: string): void {
    for (const key of keysIn(bytes)) {
      const effect = decideKey(this.#view, key);
      if (effect.kind === 'quit') this.#ending.abort();
      else if (effect.kind === 'repaint') this.#screen.forget();
      else this.#view = effect.view;
    }
    this.#draw();
  }

  #draw(): void {
    if (!this.#picture || this.#ending.signal.aborted) return;
    const { last: picture, at } = this.#picture;
    const { clock, everyMs } = this.#parts;
    const age = { ageMs: clock.elapsed() - at, freshMs: everyMs + patienceMs };
    const notice = noticeOf(age, this.#view.paused, this.#failure);
    this.#screen.draw(
      renderFrame({ picture, view: this.#view, size: this.#screen.size, notice, live: true }, this.#parts.paint),
    );
  }
}

/** What a picture has to say of itself; undefined when it is fresh. Pure. */
export function noticeOf(
  { ageMs, freshMs }: { readonly ageMs: number; readonly freshMs: number },
  paused: boolean,
  failure: unknown,
): string | undefined {
  if (paused) return `paused: this is how it was ${spokenDuration(ageMs)} ago`;
  if (ageMs <= freshMs) return undefined;
  const why = failure === undefined ? '' : ` (${errorMessage(failure)})`;
  return `Redis does not answer: this is how it was ${spokenDuration(ageMs)} ago${why}`;
}
