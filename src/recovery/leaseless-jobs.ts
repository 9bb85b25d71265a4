import type { ActiveJobOwner } from '../transport/view-scripts.js';

/** A job that was without a lease, and has not been seen for so long, is not there any more. */
const forgetMs = 60_000;

/** Since when active jobs have been without a lease, as far as that was seen: their workers may be about to take them back. */
export class LeaselessJobs {
  /** By queue, id and run: since when, and when that was last seen. */
  readonly #seen = new Map<string, { readonly since: number; readonly seenAt: number }>();

  /** For how long a job has been without a lease; 0 when it has one, or was not seen without it before. */
  see(queue: string, { id, token, starts }: ActiveJobOwner, now: number): number {
    // The count of starts tells this run from an earlier one that was without a lease too.
    const key = `${queue}\n${id}\n${starts}`;
    if (token !== '') {
      this.#seen.delete(key);
      return 0;
    }
    const since = this.#seen.get(key)?.since ?? now;
    this.#seen.set(key, { since, seenAt: now });
    return now - since;
  }

  /** Forgets those that are not there any more. */
  tidy(now: number): void {
    for (const [key, { seenAt }] of this.#seen) if (now - seenAt > forgetMs) this.#seen.delete(key);
  }

  clear(): void {
    this.#seen.clear();
  }
}
