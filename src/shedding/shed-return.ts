import { type Criticality, criticalities } from '../job/criticality.js';
import type { ParkedFor, ParkedJobs } from '../transport/parked-jobs.js';
import { isAbove } from './levels.js';
import { shareByAge } from './share-by-age.js';

/** What the leader has seen and decided in this second. */
export interface ReturnStep {
  readonly queues: readonly { readonly queue: string; readonly criticality: Criticality }[];
  readonly cut: number;
  /** How many may come back in a second. */
  readonly returnPerS: number;
  readonly elapsedS: number;
  readonly fence: number;
}

/**
 * Brings back what was set aside, at the pace that was decided: of the classes of which none gives way, the highest first, and in a class the
 * oldest first, whatever queue they are of.
 */
export class ShedReturn {
  readonly #parked: Pick<ParkedJobs, 'bringBack' | 'births'>;
  /** What is left of a job to come back, after whole ones did. */
  #owed = 0;

  constructor(parked: Pick<ParkedJobs, 'bringBack' | 'births'>) {
    this.#parked = parked;
  }

  async bringBack({ queues, cut, returnPerS, elapsedS, fence }: ReturnStep): Promise<'done' | 'deposed'> {
    this.#owed = returnPerS === 0 ? 0 : this.#owed + returnPerS * elapsedS;
    for (const criticality of criticalities) {
      // Work below the cut would be set aside again.
      if (!isAbove(criticality, cut)) break;
      const ofClass = queues.filter((each) => each.criticality === criticality);
      for (const [index, share] of await this.#shares(ofClass.map(({ queue }) => ({ queue, reason: 'shed' })))) {
        const reply = await this.#parked.bringBack(index, share, fence);
        if (reply.kind === 'deposed') return 'deposed';
        this.#owed -= reply.returned;
      }
    }
    // Whom nobody waits for is not saved up.
    this.#owed = Math.min(this.#owed, 1);
    return 'done';
  }

  /** How many come back to which queue of a class. */
  async #shares(indexes: readonly ParkedFor[]): Promise<Iterable<readonly [ParkedFor, number]>> {
    const most = Math.floor(this.#owed);
    if (most < 1) return [];
    // One queue has nobody to share with.
    if (indexes.length === 1) return indexes.map((index) => [index, most] as const);
    const births = indexes.map(async (index) => [index, await this.#parked.births(index, most)] as const);
    return shareByAge(most, await Promise.all(births));
  }
}
