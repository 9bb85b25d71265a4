import type { Clock } from '../time/clock.js';
import { directiveTtlMs, type ShedDirective } from './directive.js';
import type { ShedStore } from './shed-store.js';

export interface DirectiveFollowerOptions {
  readonly store: Pick<ShedStore, 'directive' | 'addRefused'>;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

/** A producer that enqueues looks so often. */
const staleAfterMs = 1_000;

/**
 * The last directive that this process has read. Nobody waits for Redis to ask it: it is read in the background, and once it is ten seconds
 * old it counts no more.
 */
export class DirectiveFollower {
  readonly #options: DirectiveFollowerOptions;
  #directive: ShedDirective | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #refused = new Map<string, number>();

  constructor(options: DirectiveFollowerOptions) {
    this.#options = options;
  }

  get current(): ShedDirective | undefined {
    if (this.#directive === undefined) return undefined;
    return this.#at(this.#options.clock.elapsed());
  }

  /** What it has read last; reads it again in the background, when that was longer ago than a second. Never throws. */
  refreshWhenStale(): ShedDirective | undefined {
    const now = this.#options.clock.elapsed();
    if (now - this.#askedAt >= staleAfterMs) {
      this.#askedAt = now;
      this.refresh().catch(this.#options.onError);
    }
    return this.#at(now);
  }

  #at(now: number): ShedDirective | undefined {
    return now - this.#readAt < directiveTtlMs ? this.#directive : undefined;
  }

  /** Reads it now, and tells the leader what was refused since the last time. */
  async refresh(): Promise<void> {
    const { store, clock } = this.#options;
    const askedAt = clock.elapsed();
    this.#askedAt = askedAt;
    const refused = this.#refused;
    this.#refused = new Map();
    const [directive] = await Promise.all([
      store.directive(),
      refused.size > 0 ? store.addRefused(refused) : undefined,
    ]);
    this.#directive = directive;
    this.#readAt = askedAt;
  }

  /** Remembers that jobs were refused: the leader could not see them arrive. */
  countRefused(queue: string, count: number): void {
    this.#refused.set(queue, (this.#refused.get(queue) ?? 0) + count);
  }
}
