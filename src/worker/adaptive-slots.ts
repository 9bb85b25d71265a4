import type { Logger } from 'pino';
import { AdaptiveLimit, type LimitVerdict } from '../concurrency/adaptive-limit.js';
import type { LimitBounds } from '../concurrency/limit-steps.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { FetchedJob } from '../transport/fetched-job.js';

export interface AdaptiveSlotsOptions {
  readonly queue: string;
  readonly bounds: LimitBounds;
  /** How many of its jobs run now. */
  readonly busy: () => number;
  /** Lets so many run from now on. */
  readonly limitTo: (slots: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'concurrencyLimit'>;
}

/** How a slot was used so far. */
interface Holding {
  readonly takenAt: number;
  /** Whether its handler did its work; undefined while it has not run. */
  isDone: boolean | undefined;
}

/** A limit that moved by less than a third since it was told is still about the same. */
const tellingRatio = 4 / 3;
const tellingMs = 10_000;

/**
 * Finds how many jobs of a queue this worker should run at once. Only handlers that ran count: a job that was set aside, refused, or known to
 * be done used its slot for nothing that a limit could change.
 */
export class AdaptiveSlots {
  readonly #options: AdaptiveSlotsOptions;
  readonly #limit: AdaptiveLimit;
  /** By job, and weak: a job that is not seen through is forgotten with it. */
  readonly #held = new WeakMap<FetchedJob, Holding>();
  #told: { readonly limit: number; readonly at: number };

  constructor(options: AdaptiveSlotsOptions) {
    this.#options = options;
    this.#limit = new AdaptiveLimit(options.bounds);
    this.#told = { limit: this.limit, at: Number.NEGATIVE_INFINITY };
    options.metrics.concurrencyLimit.set({ queue: options.queue }, this.limit);
  }

  get limit(): number {
    return this.#limit.limit;
  }

  loopHeldUp(ms: number): void {
    this.#limit.loopHeldUp(ms);
  }

  /** A job was taken into a slot. */
  taken(job: FetchedJob): void {
    this.#held.set(job, { takenAt: this.#options.clock.elapsed(), isDone: undefined });
  }

  /** Its handler ran. */
  ran(job: FetchedJob, isDone: boolean): void {
    const holding = this.#held.get(job);
    if (holding) holding.isDone = isDone;
  }

  /** Redis knows how it ended, and its slot is free. */
  freed(job: FetchedJob): void {
    const holding = this.#held.get(job);
    if (holding?.isDone === undefined) return;
    const { clock, busy, limitTo } = this.#options;
    const now = clock.elapsed();
    const { takenAt, isDone } = holding;
    const heldMs = now - takenAt;
    const use = { kind: job.kind, heldMs, isDone, running: busy() + 1 };
    const [before, allowedBefore] = [this.limit, this.#limit.allowed];
    const verdict = this.#limit.slotFreed(use, { elapsedMs: now, sharedMs: job.startedAt + heldMs });
    if (verdict === undefined) return;
    if (verdict.allowed !== allowedBefore) limitTo(verdict.allowed);
    if (verdict.limit !== before) this.#tell(verdict, now);
  }

  #tell({ limit, reason }: LimitVerdict, now: number): void {
    const { queue, log, metrics } = this.#options;
    metrics.concurrencyLimit.set({ queue }, limit);
    const from = this.#told.limit;
    const isFar = Math.max(limit / from, from / limit) >= tellingRatio;
    if (!isFar || now - this.#told.at < tellingMs) {
      log.debug({ queue, limit, reason }, 'concurrency.moved');
      return;
    }
    this.#told = { limit, at: now };
    log.info({ queue, from, limit, reason }, 'concurrency.changed');
  }
}
