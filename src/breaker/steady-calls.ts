import { bucketMs, rateMemoryMs, windowMs } from './breaker-policy.js';

/** Ten seconds, or a little more: it ends with the first report after them. */
interface Span {
  readonly from: number;
  /** Undefined while it goes on. */
  to?: number;
  /** The report that began it tells of calls before it, so it shows a little too much. */
  readonly isFirst: boolean;
  readonly callers: Set<string>;
  succeeded: number;
}

/** A report so late tells of more than the end of a span: there was a pause. */
const latestEndMs = windowMs + bucketMs;

/**
 * What the calls of a breaker are when all is well: the best mean over 10 s of the last minute, and whoever made calls in it. A dependency
 * that dies slowly is called less before it opens. Failures do not count, because calls that fail at once are made more often.
 */
export class SteadyCalls {
  #spans: Span[] = [];

  /** Moments come in their order; one that is far before the last was read from a clock that was set back, and all begins anew. */
  record(caller: string, succeeded: number, at: number): void {
    const span = this.#spanAt(at);
    span.callers.add(caller);
    span.succeeded += succeeded;
    // What a report tells of was before it: the one that comes first after ten seconds belongs to them.
    if (at >= span.from + windowMs) span.to = at;
  }

  perSecond(now: number): number {
    const within = this.#within(now);
    const whole = within.filter(({ isFirst, to }) => !isFirst && to !== undefined);
    const rates = (whole.length > 0 ? whole : within).map((span) => (span.succeeded * 1_000) / lengthMs(span, now));
    return Math.round(Math.max(0, ...rates) * 10) / 10;
  }

  callers(now: number): number {
    const callers = new Set<string>();
    for (const span of this.#within(now)) for (const caller of span.callers) callers.add(caller);
    return callers.size;
  }

  #spanAt(at: number): Span {
    let last = this.#spans.at(-1);
    if (last && at < last.from - windowMs) {
      this.#spans = [];
      last = undefined;
    }
    if (last && last.to === undefined) {
      if (at < last.from + latestEndMs) return last;
      last.to = last.from + windowMs;
    }
    // Where one has ended the next goes on, unless there was a pause.
    const from = last?.to !== undefined && at < last.to + latestEndMs ? last.to : at;
    const span: Span = { from, isFirst: last === undefined, callers: new Set(), succeeded: 0 };
    this.#spans = [...this.#within(at), span];
    return span;
  }

  #within(now: number): Span[] {
    return this.#spans.filter(({ from }) => from > now - rateMemoryMs - windowMs);
  }
}

/** One that goes on counts as whole: a burst at its begin is no rate. The first of all is all there is. */
function lengthMs({ from, to, isFirst }: Span, now: number): number {
  if (to !== undefined) return to - from;
  return isFirst ? Math.min(windowMs, Math.max(bucketMs, now - from)) : windowMs;
}
