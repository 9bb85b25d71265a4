import { KindWeights } from './kind-weights.js';
import { Spread } from './spread.js';

/** How a slot was used by one job. */
export interface SlotUse {
  readonly kind: string;
  /** From when the job was taken until Redis knew how it ended. */
  readonly heldMs: number;
  /** Whether its handler did its work: one that failed held a slot and did nothing. */
  readonly isDone: boolean;
  /** How many slots were held at its end, its own among them. */
  readonly running: number;
}

/** What a window has shown. */
export interface WorkEvidence {
  /** How many slots were held at once, on average. */
  readonly running: number;
  /** How much work was done in a second of one slot. */
  readonly pace: number;
  /** How long a job held its slot, on average. */
  readonly heldMs: number;
  /** How unlike jobs of one kind are; at least 1. */
  readonly spread: number;
  /** By which part the pace may be off by chance: its relative standard error. */
  readonly error: number;
}

/** A window of fewer jobs, as a lull is, does not tell how unlike they are. */
const fewestForSpread = 60;
/** Jobs that all took the same may have done so by chance. */
const leastSpread = 1;

/**
 * Gathers how slots are used. What is done in a second follows from Little's law, slots at once times what a second of each does: that tells
 * more than to count the ends, which come in waves.
 */
export class WorkWindow {
  readonly #weights = new KindWeights();
  readonly #spread = new Spread();
  readonly #done = new Map<string, number>();
  #runs = 0;
  #running = 0;
  #heldMs = 0;

  get runs(): number {
    return this.#runs;
  }

  /** How long a job holds its slot, on average; 0 before the first. */
  get heldMs(): number {
    return this.#runs === 0 ? 0 : this.#heldMs / this.#runs;
  }

  /** By which part the pace may be off by chance. */
  get error(): number {
    return this.#runs === 0 ? 1 : Math.sqrt(this.#knownSpread / this.#runs);
  }

  add({ kind, heldMs, isDone, running }: SlotUse): void {
    this.#runs += 1;
    this.#running += running;
    this.#heldMs += heldMs;
    if (!isDone) return;
    this.#spread.add(this.#weights.learn(kind, heldMs));
    this.#done.set(kind, (this.#done.get(kind) ?? 0) + 1);
  }

  /** What was seen since the last time, and begins anew. */
  close(): WorkEvidence {
    const evidence = {
      running: this.#runs === 0 ? 0 : this.#running / this.#runs,
      pace: this.#pace(),
      heldMs: this.heldMs,
      spread: this.#knownSpread,
      error: this.error,
    };
    this.#spread.close(fewestForSpread);
    this.#done.clear();
    [this.#runs, this.#running, this.#heldMs] = [0, 0, 0];
    return evidence;
  }

  get #knownSpread(): number {
    return Math.max(leastSpread, this.#spread.value);
  }

  #pace(): number {
    if (this.#done.size === 0) return 0;
    const weights = this.#weights.weights();
    const work = [...this.#done].reduce((sum, [kind, jobs]) => sum + jobs * (weights.get(kind) ?? 1), 0);
    return (work * 1_000) / Math.max(this.#heldMs, 1);
  }
}
