import type { ResolvedWorkerOptions } from '../config/option-types.js';
import { AdaptiveSlots, type AdaptiveSlotsOptions } from './adaptive-slots.js';

export interface AdaptiveConcurrencyOptions extends Pick<AdaptiveSlotsOptions, 'clock' | 'log' | 'metrics'> {
  readonly settings: Pick<ResolvedWorkerOptions, 'minConcurrency' | 'concurrency' | 'maxConcurrency'>;
  readonly queues: readonly string[];
  /** How many jobs of a queue run now. */
  readonly busy: (queue: string) => number;
  /** Lets so many jobs of a queue run from now on. */
  readonly limitTo: (queue: string, slots: number) => void;
}

/** How many jobs of each queue a worker runs at once: as many as it was told, or, with `worker.maxConcurrency`, as many as it finds best. */
export class AdaptiveConcurrency {
  readonly #fixed: number;
  readonly #found: ReadonlyMap<string, AdaptiveSlots>;

  constructor({ settings, queues, busy, limitTo, ...rest }: AdaptiveConcurrencyOptions) {
    const { minConcurrency: min, concurrency: initial, maxConcurrency: max } = settings;
    this.#fixed = initial;
    this.#found = new Map(
      max === false
        ? []
        : queues.map((queue) => [
            queue,
            new AdaptiveSlots({
              ...rest,
              queue,
              bounds: { min, initial, max },
              busy: () => busy(queue),
              limitTo: (slots) => limitTo(queue, slots),
            }),
          ]),
    );
  }

  /** What finds the number for a queue; undefined where it is fixed. */
  of(queue: string): AdaptiveSlots | undefined {
    return this.#found.get(queue);
  }

  /** How many jobs of a queue run at once when nothing is in their way. */
  slotsOf(queue: string): number {
    return this.of(queue)?.limit ?? this.#fixed;
  }

  /** For how long the event loop was held up at most since it was told the last time. */
  loopHeldUp(ms: number): void {
    for (const slots of this.#found.values()) slots.loopHeldUp(ms);
  }
}
