import type { ScaleRecord } from '../../scaling/scale-record.js';

/** How few and how many processes a keeper may run. */
export interface ProcessBounds {
  readonly min: number;
  readonly max: number;
}

/**
 * Says how many worker processes a keeper should run: what the groups want that its workers serve, within its bounds. Pure.
 *
 * A worker serves all of its queues at the same time, so the neediest group decides. Where nobody has decided lately, about one of them or all, it
 * takes nobody away: that no leader speaks says nothing about the work.
 *
 * @param queues - those that its workers serve.
 * @param has - how many it runs.
 */
export function decideProcesses(
  records: readonly Pick<ScaleRecord, 'desired' | 'queues'>[],
  queues: readonly string[],
  has: number,
  { min, max }: ProcessBounds,
): number {
  const groups = records.filter((record) => record.queues.some(({ queue }) => queues.includes(queue)));
  const decided = new Set(groups.flatMap((record) => record.queues.map(({ queue }) => queue)));
  const isWhole = queues.length > 0 && queues.every((queue) => decided.has(queue));
  const desired = Math.max(0, ...groups.map((record) => record.desired));
  return Math.max(min, Math.min(max, isWhole ? desired : Math.max(desired, has)));
}
