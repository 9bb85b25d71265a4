import type { QueueInspector } from '../transport/queue-inspector.js';
import type { ActiveJobOwner } from '../transport/view-scripts.js';

/** Active jobs are looked at so many at a time, and at most so many a sweep; the next sweep goes on behind them. */
const pageSize = 500;
const pagesPerSweep = 20;
/** For the jobs of a worker that died all are looked at, up to so many. */
const mostPages = 400;

/** Reads who holds the active jobs of each queue, and keeps in mind how far it has come where they are many. */
export class ActiveJobs {
  readonly #inspector: Pick<QueueInspector, 'activeOwners'>;
  /** How many of the oldest were read by the sweeps before, where there are more than one sweep reads. */
  readonly #readBefore = new Map<string, number>();

  constructor(inspector: Pick<QueueInspector, 'activeOwners'>) {
    this.#inspector = inspector;
  }

  /**
   * All of a queue, or the next part of them. The newest first: each one that is put back is the next to start, so the oldest comes last and
   * goes first. All are read before any is moved, because that would shift the pages.
   */
  async read(queue: string, extent: 'all' | 'next'): Promise<ActiveJobOwner[]> {
    const pages: ActiveJobOwner[][] = [];
    let from = extent === 'all' ? 0 : (this.#readBefore.get(queue) ?? 0);
    let isEnd = false;
    while (!isEnd && pages.length < (extent === 'all' ? mostPages : pagesPerSweep)) {
      const owners = await this.#inspector.activeOwners(queue, from, pageSize);
      pages.push(owners);
      from += pageSize;
      isEnd = owners.length < pageSize;
    }
    if (isEnd) this.#readBefore.delete(queue);
    else if (extent === 'next') this.#readBefore.set(queue, from);
    return pages.reverse().flat();
  }
}
