import type { Logger } from 'pino';
import type { AuditNotes } from '../audit/audit-notes.js';
import type { DeadLetterRecord } from '../dead-letter/record.js';
import { assertNever } from '../errors/assert-never.js';
import { errorMessage } from '../errors/error-message.js';
import { type ReportLimits, reportError } from '../retry/error-report.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import { workerOfToken } from '../transport/lease-token.js';
import type { Orphan, QueueAdmin } from '../transport/queue-admin.js';
import type { QueueInspector } from '../transport/queue-inspector.js';
import type { RecoveryReply } from '../transport/transition-scripts.js';
import type { ActiveJobOwner } from '../transport/view-scripts.js';
import { ActiveJobs } from './active-jobs.js';
import { BlockedWorkers } from './blocked-workers.js';
import type { CrashStore } from './crash-store.js';
import { CrashWitness } from './crash-witness.js';
import {
  crashesThatCount,
  decideRecovery,
  isOrphaned,
  type RecoveryDecision,
  type RecoveryPolicy,
} from './decide-recovery.js';
import { describeCrash, spokenEnd } from './describe-crash.js';
import type { FleetStore } from './fleet-store.js';
import type { FleetView, SeenWorker } from './fleet-view.js';
import { FleetWatch, type FleetWatchPolicy } from './fleet-watch.js';
import type { Leadership } from './leadership.js';
import { LeaselessJobs } from './leaseless-jobs.js';
import { PoisonJobError } from './poison-job-error.js';
import { RecoveryTally } from './recovery-tally.js';

export interface OrphanSweeperOptions {
  readonly fleet: FleetStore;
  readonly view: FleetView;
  readonly inspector: QueueInspector;
  readonly admin: QueueAdmin;
  readonly crashes: Pick<CrashStore, 'read'>;
  readonly queues: () => Promise<Iterable<string>>;
  readonly leadership: Leadership;
  readonly policy: SweepPolicy;
  readonly limits: ReportLimits;
  readonly audit: Pick<AuditNotes, 'add'>;
  /** Who sweeps, for the record of a poison job and the audit stream. */
  readonly supervisor: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface SweepPolicy extends FleetWatchPolicy, RecoveryPolicy {
  /** How long a job may be without a lease: its worker may be about to take it back after an outage. */
  readonly leaselessGraceMs: number;
}

/** What one sweep goes by. */
interface Sweep {
  readonly now: number;
  /** The term in which it began. */
  readonly epoch: number | undefined;
  readonly leaseless: LeaselessJobs;
  readonly witness: CrashWitness;
  /** Which of the active jobs it looks at. */
  readonly extent: 'all' | 'next';
  /** Whether some worker can run a suspect alone. */
  readonly hasLanes: boolean;
  readonly tally: RecoveryTally;
}

/** A sweep over many queues that takes too long is taken for a pause of the watch, after which nobody is called dead for a while. */
const queuesAtOnce = 16;
/** What the death watch has read this long ago is fresh enough. */
const freshMs = 150;

/**
 * Finds jobs that are active without a live owner and puts them back. Each is moved by one script that checks once more that
 * the lease is still the one that was seen, so a sweep that comes late, or two sweeps at once, do no harm.
 */
export class OrphanSweeper {
  readonly #options: OrphanSweeperOptions;
  readonly #watch: FleetWatch;
  readonly #active: ActiveJobs;
  readonly #blocked: BlockedWorkers;
  readonly #leaseless = new LeaselessJobs();
  #lastSweep = Number.NEGATIVE_INFINITY;
  /** Whether some worker can run a suspect alone. */
  #hasLanes = false;

  constructor(options: OrphanSweeperOptions) {
    this.#options = options;
    this.#watch = new FleetWatch(options.policy);
    this.#active = new ActiveJobs(options.inspector);
    this.#blocked = new BlockedWorkers(options.fleet, options.log);
  }

  /** One sweep over all queues. */
  async sweep(): Promise<void> {
    const { view, metrics, policy } = this.#options;
    const { at: now, workers } = await view.read(freshMs);
    // What happened while another led, or Redis was away, nobody has seen: a lease may have been held all the time.
    if (now - this.#lastSweep > policy.maxGapMs) this.#leaseless.clear();
    this.#lastSweep = now;
    this.#watch.look(workers, now);
    metrics.workerDeaths.inc({ how: 'silent' }, this.#watch.newlySilent(now));
    await this.#tellStates(workers, now);
    this.#leaseless.tidy(now);
    this.#hasLanes = workers.some(({ lane }) => lane !== undefined);
    await this.#sweepAll(this.#begin(now, { leaseless: this.#leaseless, extent: 'next' }));
  }

  async #tellStates(workers: readonly SeenWorker[], now: number): Promise<void> {
    const { alive, suspect, dead } = this.#watch.counts(now);
    const blocked = workers
      .filter(({ id, state }) => state === 'blocked' && this.#watch.verdictOn(id, now) === 'alive')
      .map(({ id }) => id);
    await this.#blocked.tell(blocked);
    const counts = { alive: alive - blocked.length, blocked: blocked.length, suspect, dead };
    for (const [state, count] of Object.entries(counts)) {
      this.#options.metrics.workers.set({ state: state as keyof typeof counts }, count);
    }
  }

  /** Whether the process of a worker was found to be gone. */
  isGone(worker: string): boolean {
    return this.#watch.isGone(worker);
  }

  /** Puts back at once the jobs of workers whose process is gone. */
  async recoverFrom(workers: readonly string[]): Promise<void> {
    const { clock, metrics } = this.#options;
    const now = clock.elapsed();
    for (const worker of workers) {
      if (this.#watch.declareDead(worker, now)) metrics.workerDeaths.inc({ how: 'exited' });
    }
    // How long others have been without a lease is for the sweeps to judge, which know what they have seen.
    const sweep = this.#begin(now, { leaseless: new LeaselessJobs(), extent: 'all' });
    for (const worker of workers) sweep.tally.addWorker(worker);
    await this.#sweepAll(sweep);
  }

  #begin(now: number, what: Pick<Sweep, 'leaseless' | 'extent'>): Sweep {
    const { fleet, crashes, leadership } = this.#options;
    const witness = new CrashWitness(fleet, crashes);
    return { now, epoch: leadership.term, witness, hasLanes: this.#hasLanes, tally: new RecoveryTally(), ...what };
  }

  async #sweepAll(sweep: Sweep): Promise<void> {
    const { epoch } = sweep;
    if (epoch === undefined) return;
    const failures: unknown[] = [];
    const names = [...(await this.#options.queues())];
    for (let from = 0; from < names.length; from += queuesAtOnce) {
      const some = names.slice(from, from + queuesAtOnce).map(async (queue) => {
        // One queue that cannot be read must not keep the others from being swept.
        await this.#sweepQueue(queue, { ...sweep, epoch }).catch((cause: unknown) => {
          failures.push(new Error(`queue ${queue} could not be swept: ${errorMessage(cause)}`, { cause }));
        });
      });
      await Promise.all(some);
    }
    const { audit, supervisor } = this.#options;
    for (const entry of sweep.tally.entries(supervisor, epoch)) audit.add(entry);
    if (failures.length > 0) throw failures[0];
  }

  async #sweepQueue(queue: string, sweep: Sweep & { readonly epoch: number }): Promise<void> {
    for (const job of await this.#active.read(queue, sweep.extent)) {
      // What was found under one term is not done in another: whoever was held up for so long has seen too little.
      if (this.#options.leadership.term !== sweep.epoch) return;
      // One job that cannot be recovered must not keep the others from it.
      await this.#consider(queue, job, sweep).catch((error: unknown) => {
        this.#options.log.error({ queue, jobId: job.id, err: error }, 'job.recovery_failed');
      });
    }
  }

  async #consider(queue: string, job: ActiveJobOwner, sweep: Sweep & { readonly epoch: number }): Promise<void> {
    const { now, leaseless, witness, epoch, hasLanes } = sweep;
    const leaselessMs = leaseless.see(queue, job, now);
    const worker = workerOfToken(job.token);
    const owner = worker === undefined ? undefined : this.#watch.verdictOn(worker, now);
    const { policy, clock } = this.#options;
    if (!isOrphaned({ token: job.token, owner, leaselessMs }, policy.leaselessGraceMs)) return;

    const crash =
      worker === undefined
        ? { at: clock.now(), how: 'unowned' as const }
        : describeCrash({
            at: clock.now(),
            worker,
            isGone: this.#watch.isGone(worker),
            ...(await witness.testimonyOn(worker)),
          });
    const history = [...job.crashes, crash];
    const decision = decideRecovery(history, { ...policy, hasLanes }, clock.now());
    const orphan = { queue, id: job.id, token: job.token, crash, keepCrashes: crashesThatCount(policy), epoch };
    const reply = await this.#apply(decision, orphan);
    if (reply === 'deposed') this.#options.leadership.deposed(epoch);
    if (reply !== 'done') return;
    const { log, metrics } = this.#options;
    const outcome = outcomes[decision.kind];
    const { how } = crash;
    sweep.tally.add({ queue, jobId: job.id, worker, how, crashes: history.length, outcome });
    metrics.orphanedJobs.inc({ queue, decision: outcome });
    // The supervisor knows no kinds.
    if (outcome === 'dead_lettered') metrics.deadLetters.inc({ queue, kind: 'other', reason: 'poison' });
    log.warn({ queue, jobId: job.id, worker, how, crashes: history.length, decision: outcome }, 'job.recovered');
  }

  #apply(decision: RecoveryDecision, orphan: Orphan): Promise<RecoveryReply> {
    const { admin } = this.#options;
    switch (decision.kind) {
      case 'requeue':
        return admin.recover(orphan);
      case 'quarantine':
        return admin.quarantine(orphan, decision);
      case 'dead_letter':
        return admin.deadLetterOrphan(orphan, this.#poisonRecord(orphan, decision.crashes));
      default:
        return assertNever(decision);
    }
  }

  #poisonRecord({ queue, id, crash }: Orphan, crashes: number): DeadLetterRecord {
    return {
      reason: 'poison',
      error: reportError(new PoisonJobError(crashes, spokenEnd(crash)), 'permanent', this.#options.limits),
      queue,
      id,
      by: this.#options.supervisor,
    };
  }
}

const outcomes = { requeue: 'requeued', quarantine: 'quarantined', dead_letter: 'dead_lettered' } as const;
