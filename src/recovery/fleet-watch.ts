import type { SeenWorker } from './fleet-view.js';

/** `alive`: beats. `suspect`: late, its jobs are left alone. `dead`: silent for so long that its jobs are brought back. */
export type WorkerVerdict = 'alive' | 'suspect' | 'dead';

export interface FleetWatchPolicy {
  /** Silence after which a worker is dead. */
  readonly deadAfterMs: number;
  /** A gap between two looks that is longer than this means that the watcher itself was held up. */
  readonly maxGapMs: number;
}

/** When more than this part of at least three workers falls silent at once, it is not the workers. */
const massSilenceRatio = 0.3;
const massSilenceMinimum = 3;
/** How many workers that are not listed are kept in mind; past that their time starts again. */
const maxStrangers = 10_000;

/**
 * Judges from their beats which workers live.
 *
 * It judges by what it saw itself without interruption: after an outage of Redis, or a pause of its own, every worker gets the
 * full time again. And when many fall silent together, Redis or the network is to blame, and nobody is called dead.
 */
export class FleetWatch {
  readonly #policy: FleetWatchPolicy;
  /** When each listed worker last gave a sign of life. */
  readonly #lastAlive = new Map<string, number>();
  /** When a worker that is not on the list was first asked about. */
  readonly #firstAsked = new Map<string, number>();
  /** When the process of a worker was found to be gone. */
  readonly #declaredDead = new Map<string, number>();
  /** Listed workers that were told of as dead of silence, or were so before this watch began. */
  readonly #mourned = new Set<string>();
  /** The answer to `massSilence` for the moment that was asked about last: every verdict of a look asks about the same one. */
  #mass: { readonly at: number; readonly silent: boolean } | undefined;
  #watchingSince = Number.NaN;
  #lastLook = Number.NEGATIVE_INFINITY;

  constructor(policy: FleetWatchPolicy) {
    this.#policy = policy;
  }

  /** Takes in what was read at `now` (monotonic milliseconds). */
  look(seen: readonly Pick<SeenWorker, 'id' | 'aliveAt'>[], now: number): void {
    if (!(now - this.#lastLook <= this.#policy.maxGapMs)) this.#watchingSince = now;
    this.#lastLook = now;
    this.#mass = undefined;
    const listed = new Map(seen.map(({ id, aliveAt }) => [id, aliveAt]));
    for (const [id, aliveAt] of listed) {
      // Whoever watched before has told of it.
      if (!this.#lastAlive.has(id) && now - aliveAt > this.#policy.deadAfterMs) this.#mourned.add(id);
      this.#lastAlive.set(id, Math.max(this.#lastAlive.get(id) ?? Number.NEGATIVE_INFINITY, aliveAt));
      this.#firstAsked.delete(id);
      // Whoever beats after their death was not dead.
      if (aliveAt > (this.#declaredDead.get(id) ?? Number.POSITIVE_INFINITY)) this.#declaredDead.delete(id);
    }
    // Who is no longer listed said farewell or was silent for long: the list has forgotten it, and so do we.
    for (const id of this.#lastAlive.keys()) if (!listed.has(id)) this.#lastAlive.delete(id);
    for (const id of this.#mourned) if (this.#silenceOf(id, now) <= this.#policy.deadAfterMs) this.#mourned.delete(id);
  }

  /** Takes in that the process of a worker is gone, whatever its last beat says. Answers whether that is news. */
  declareDead(id: string, now: number): boolean {
    const isNews = !this.#declaredDead.has(id) && !this.#mourned.has(id);
    if (this.#declaredDead.size >= maxStrangers) this.#declaredDead.clear();
    this.#declaredDead.set(id, now);
    this.#mass = undefined;
    return isNews;
  }

  /** How many listed workers died of silence since this was last asked. Each is told of once, unless it beats again in between. */
  newlySilent(now: number): number {
    const before = this.#mourned.size;
    for (const id of this.#lastAlive.keys()) {
      if (!this.#declaredDead.has(id) && this.verdictOn(id, now) === 'dead') this.#mourned.add(id);
    }
    return this.#mourned.size - before;
  }

  /** Whether the process of a worker was found to be gone. */
  isGone(id: string): boolean {
    return this.#declaredDead.has(id);
  }

  /**
   * The verdict on a worker, also on one that is not listed: somebody's lease may name it. Such a one gets the full time from
   * when it was first asked about, because the list may have been lost with Redis' memory and be on its way back.
   */
  verdictOn(id: string, now: number): WorkerVerdict {
    if (this.#declaredDead.has(id)) return 'dead';
    const silence = now - (this.#lastAlive.get(id) ?? this.#firstAskedAbout(id, now));
    if (silence <= this.#policy.deadAfterMs / 2) return 'alive';
    const watched = now - this.#watchingSince;
    if (silence <= this.#policy.deadAfterMs || !(watched > this.#policy.deadAfterMs)) return 'suspect';
    return this.#massSilence(now) ? 'suspect' : 'dead';
  }

  /** How many workers there are by verdict. */
  counts(now: number): Record<WorkerVerdict, number> {
    const counts = { alive: 0, suspect: 0, dead: 0 };
    for (const id of this.#lastAlive.keys()) counts[this.verdictOn(id, now)] += 1;
    return counts;
  }

  /** None of a worker that is not listed. */
  #silenceOf(id: string, now: number): number {
    return now - (this.#lastAlive.get(id) ?? now);
  }

  /** Whether workers went silent within the last few looks, together. */
  #massSilence(now: number): boolean {
    if (this.#mass?.at === now) return this.#mass.silent;
    const { deadAfterMs } = this.#policy;
    let [recent, silent] = [0, 0];
    for (const [id, at] of this.#lastAlive) {
      // Those whose process is known to be gone are no riddle.
      if (now - at > 3 * deadAfterMs || this.#declaredDead.has(id)) continue;
      recent += 1;
      if (now - at > deadAfterMs / 2) silent += 1;
    }
    this.#mass = { at: now, silent: silent >= massSilenceMinimum && silent > massSilenceRatio * recent };
    return this.#mass.silent;
  }

  #firstAskedAbout(id: string, now: number): number {
    const known = this.#firstAsked.get(id);
    if (known !== undefined) return known;
    if (this.#firstAsked.size >= maxStrangers) this.#firstAsked.clear();
    this.#firstAsked.set(id, now);
    return now;
  }
}
