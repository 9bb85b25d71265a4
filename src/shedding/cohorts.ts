import type { Criticality } from '../job/criticality.js';
import { cohortOf, floorOf, hourOf } from './levels.js';

/** More tenants than a process usually serves within an hour, and a few hundred KiB at most. */
const mostKnown = 4_096;

/**
 * The cohorts of the tenants that a process has met this hour. To look one up takes a tenth of what it takes to deal it, and while
 * something is shed that is done for every job.
 */
export class Cohorts {
  readonly #known = new Map<string, number>();
  #hour = Number.NaN;

  /** As `levelOf` says it. */
  levelOf(criticality: Criticality, tenant: string, now: number): number {
    const hour = hourOf(now);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#known.clear();
    }
    return floorOf(criticality) + (this.#known.get(tenant) ?? this.#deal(tenant, hour));
  }

  #deal(tenant: string, hour: number): number {
    if (this.#known.size >= mostKnown) this.#known.clear();
    const cohort = cohortOf(tenant, hour);
    this.#known.set(tenant, cohort);
    return cohort;
  }
}
