import type { Account, Run } from '../faults/fault-pool.js';

/** Groups runs by job, each group in the order of their starts. */
function byJob(runs: readonly Run[]): Run[][] {
  const groups = new Map<number, Run[]>();
  for (const run of [...runs].sort((a, b) => a.startedAt - b.startedAt)) {
    groups.set(run.number, [...(groups.get(run.number) ?? []), run]);
  }
  return [...groups.values()];
}

/** Jobs that were begun more than once. */
export function repeatedJobs(runs: readonly Run[]): number {
  return byJob(runs).filter(({ length }) => length > 1).length;
}

/** Jobs whose result is not that of the run that began last: somebody who had lost the job wrote its end all the same. */
export function lateCommits(runs: readonly Run[], { results }: Account): number {
  return byJob(runs).filter((ofJob) => ofJob.slice(0, -1).some(({ run }) => results.has(run))).length;
}

/** How long after a moment each of these jobs began once more, in ms; `NaN` for one that never did. */
export function begunAgainMs(runs: readonly Run[], interrupted: readonly Run[], since: number): number[] {
  return interrupted.map(({ number, run }) => {
    const next = runs.find((other) => other.number === number && other.run !== run && other.startedAt > since);
    return next ? (next.startedAt - since) / 1_000 : Number.NaN;
  });
}
