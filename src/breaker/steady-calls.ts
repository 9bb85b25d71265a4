import { bucketMs, rateMemoryMs, windowMs } from './breaker-policy.js';

interface Span {
  readonly from: number;
  /** The first one is divided by less, if less has passed. */
  readonly isFirst: boolean;
  readonly callers: Set<string>;
  succeeded: number;
}

/**
 * What the calls of a breaker are when all is well: the best mean over 10 s of the last minute, and whoever made calls in it. A dependency
 * that dies slowly is called less before it opens. Failures do not count, because calls that fail at once are made more often.
 */
export class SteadyCalls {
  #spans: Span[] = [];

  /** Moments come in their order; one that is far before the last was read from a clock that was set back, and all begins anew. */
  record(caller: string, succeeded: number, at: number): void {
    let span = this.#spans.at(-1);
    if (span && at < span.from - windowMs) this.#spans = [];
    if (!span || at >= span.from + windowMs || this.#spans.length === 0) {
      span = { from: at, isFirst: this.#spans.length === 0, callers: new Set(), succeeded: 0 };
      this.#spans = [...this.#within(at), span];
    }
    span.callers.add(caller);
    span.succeeded += succeeded;
  }

  perSecond(now: number): number {
    const rates = this.#within(now).map(({ from, isFirst, succeeded }) => {
      const lengthMs = isFirst ? Math.min(windowMs, Math.max(bucketMs, now - from)) : windowMs;
      return (succeeded * 1_000) / lengthMs;
    });
    return Math.round(Math.max(0, ...rates) * 10) / 10;
  }

  callers(now: number): number {
    return new Set(this.#within(now).flatMap(({ callers }) => [...callers])).size;
  }

  #within(now: number): Span[] {
    return this.#spans.filter(({ from }) => from > now - rateMemoryMs - windowMs);
  }
}
