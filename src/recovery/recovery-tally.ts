import type { AuditEntry } from '../audit/audit-entry.js';
import type { JobCrash } from '../job/crash.js';

/** What became of a job that had lost its worker. */
export type RecoveryOutcome = 'requeued' | 'quarantined' | 'dead_lettered';

/** One job that was taken from its worker. */
export interface RecoveredJob {
  readonly queue: string;
  readonly jobId: string;
  /** Undefined when nobody held it any more. */
  readonly worker: string | undefined;
  readonly how: JobCrash['how'];
  /** How often it has lost its worker. */
  readonly crashes: number;
  readonly outcome: RecoveryOutcome;
}

interface WorkerTally {
  how: JobCrash['how'] | undefined;
  readonly outcomes: Record<RecoveryOutcome, number>;
  readonly queues: Set<string>;
}

/** So many jobs, or queues, are named; the number tells the rest. */
const mostNamed = 10;
/** Whose lease was lost, and who held it nobody knows. */
const nobody = 'unknown';

/** What one sweep took from dead workers, for the audit stream: an entry for each worker, for the suspects of each queue, and for each poison job. */
export class RecoveryTally {
  readonly #workers = new Map<string, WorkerTally>();
  readonly #suspects = new Map<string, string[]>();
  readonly #poison: RecoveredJob[] = [];

  /** Takes in that a worker is dead, whether it had jobs or not. */
  addWorker(worker: string): void {
    this.#of(worker);
  }

  add(job: RecoveredJob): void {
    const { queue, jobId, worker, how, outcome } = job;
    const tally = this.#of(worker ?? nobody);
    tally.how ??= how;
    tally.outcomes[outcome] += 1;
    tally.queues.add(queue);
    if (outcome === 'quarantined') this.#suspects.set(queue, [...(this.#suspects.get(queue) ?? []), jobId]);
    if (outcome === 'dead_lettered') this.#poison.push(job);
  }

  /** What is to be told, by whom and under which epoch. */
  entries(by: string, fence: number): AuditEntry[] {
    const recovered = [...this.#workers].map(([worker, { how, outcomes, queues }]): AuditEntry => {
      const count = outcomes.requeued + outcomes.quarantined + outcomes.dead_lettered;
      const details = { ...outcomes, queues: [...queues].slice(0, mostNamed) };
      return { by, what: 'worker.recover', worker, why: how ?? 'gone', count, fence, details };
    });
    const suspects = [...this.#suspects].map(([queue, jobs]): AuditEntry => {
      const details = { jobs: jobs.slice(0, mostNamed) };
      return { by, what: 'job.quarantine', queue, why: 'crashes', count: jobs.length, fence, details };
    });
    const poison = this.#poison.map(({ queue, jobId, worker, how, crashes }): AuditEntry => {
      return { by, what: 'job.poison', queue, job: jobId, why: how, fence, details: { worker, crashes } };
    });
    return [...recovered, ...suspects, ...poison];
  }

  #of(worker: string): WorkerTally {
    const known = this.#workers.get(worker);
    if (known) return known;
    const outcomes = { requeued: 0, quarantined: 0, dead_lettered: 0 };
    const tally: WorkerTally = { how: undefined, outcomes, queues: new Set() };
    this.#workers.set(worker, tally);
    return tally;
  }
}
