/** Who may keep a queue from using its slots. */
export type SlotLimiter = 'breakers' | 'shedding' | 'concurrency';

/** How many slots of a queue may be used when several may limit them: each sets its own limit, and the smallest counts. */
export class SlotLimits {
  readonly #slots: number;
  readonly #limits = new Map<SlotLimiter, number>();

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Replaces the limit of one of them. Returns what may be used from now on. */
  set(by: SlotLimiter, slots: number): number {
    this.#limits.set(by, slots);
    return Math.min(this.#slots, ...this.#limits.values());
  }
}
