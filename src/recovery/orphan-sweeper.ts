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

/** A job without a lease: since when, and when that was last seen. */
interface Leaseless {
  readonly since: number;
  readonly seenAt: number;
}

/** What one sweep goes by. */
interface Sweep {
  readonly now: number;
  /** The term in which it began. */
  readonly epoch: number | undefined;
  /** Jobs that were seen without a lease, by queue, id and run. */
  readonly leaseless: Map<string, Leaseless>;
  readonly witness: CrashWitness;
  /** Whether it looks at all active jobs, or at the next part of them. */
  readonly ofAll: boolean;
  /** Whether some worker can run a suspect alone. */
  readonly hasLanes: boolean;
  readonly tally: RecoveryTally;
}

/** Active jobs are looked at so many at a time, and at most so many a sweep; the next sweep goes on behind them. */
const pageSize = 500;
const pagesPerSweep = 20;
/** For the jobs of a worker that died all are looked at, up to so many. */
const mostPages = 400;
/** A sweep over many queues that takes too long is taken for a pause of the watch, after which nobody is called dead for a while. */
const queuesAtOnce = 16;
/** A job that was without a lease, and has not been seen for so long, is not there any more. */
const forgetMs = 60_000;
/** What the death watch has read this long ago is fresh enough. */
const freshMs = 150;
/** So many workers that are newly blocked are asked at once for what they run. */
const mostTold = 100;

/**
 * Finds jobs that are active without a live owner and puts them back. Each is moved by one script that checks once more that
 * the lease is still the one that was seen, so a sweep that comes late, or two sweeps at once, do no harm.
 */
export class OrphanSweeper {
  readonly #options: OrphanSweeperOptions;
  readonly #watch: FleetWatch;
  /** Jobs that were seen without a lease, by queue, id and run. */
  readonly #leaseless = new Map<string, Leaseless>();
  #lastSweep = Number.NEGATIVE_INFINITY;
  /** How many of the oldest active jobs were looked at in the sweeps before, where there are more than one sweep looks at. */
  readonly #lookedAt = new Map<string, number>();
  /** Whether some worker can run a suspect alone. */
  #hasLanes = false;
  /** Workers whose event loop was blocked at the last look. */
  #blocked: ReadonlySet<string> = new Set();

  constructor(options: OrphanSweeperOptions) {
    this.#options = options;
    this.#watch = new FleetWatch(options.policy);
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
    const { alive, suspect, dead } = this.#watch.counts(now);
    const blocked = await this.#tellBlocked(workers, now);
    for (const [state, count] of Object.entries({ alive: alive - blocked, blocked, suspect, dead })) {
      metrics.workers.set({ state: state as 'alive' | 'blocked' | 'suspect' | 'dead' }, count);
    }

    for (const [key, { seenAt }] of this.#leaseless) if (now - seenAt > forgetMs) this.#leaseless.delete(key);
    this.#hasLanes = workers.some(({ lane }) => lane !== undefined);
    await this.#sweepAll(this.#begin(now, { leaseless: this.#leaseless, ofAll: false }));
  }

  /** Says once which job holds up the event loop of a worker. Answers how many workers are blocked. */
  async #tellBlocked(workers: readonly SeenWorker[], now: number): Promise<number> {
    const blocked = workers
      .filter(({ id, state }) => state === 'blocked' && this.#watch.verdictOn(id, now) === 'alive')
      .map(({ id }) => id);
    const untold = blocked.filter((id) => !this.#blocked.has(id));
    const told = untold.slice(0, mostTold);
    for (const { id, blockedMs, running } of await this.#options.fleet.beatsOf(told)) {
      this.#options.log.warn({ worker: id, blockedMs, running }, 'worker.blocked');
    }
    const left = new Set(untold.slice(mostTold));
    this.#blocked = new Set(blocked.filter((id) => !left.has(id)));
    return blocked.length;
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
    const sweep = this.#begin(now, { leaseless: new Map(), ofAll: true });
    for (const worker of workers) sweep.tally.addWorker(worker);
    await this.#sweepAll(sweep);
  }

  #begin(now: number, extent: Pick<Sweep, 'leaseless' | 'ofAll'>): Sweep {
    const { fleet, crashes, leadership } = this.#options;
    const witness = new CrashWitness(fleet, crashes);
    return { now, epoch: leadership.term, witness, hasLanes: this.#hasLanes, tally: new RecoveryTally(), ...extent };
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
    for (const job of await this.#activeJobs(queue, sweep.ofAll)) {
      // What was found under one term is not done in another: whoever was held up for so long has seen too little.
      if (this.#options.leadership.term !== sweep.epoch) return;
      // One job that cannot be recovered must not keep the others from it.
      await this.#consider(queue, job, sweep).catch((error: unknown) => {
        this.#options.log.error({ queue, jobId: job.id, err: error }, 'job.recovery_failed');
      });
    }
  }

  /**
   * The newest first: each one that is put back is the next to start, so the oldest comes last and goes first. All are read
   * before any is moved, because that would shift the pages.
   */
  async #activeJobs(queue: string, ofAll: boolean): Promise<ActiveJobOwner[]> {
    const pages: ActiveJobOwner[][] = [];
    let from = ofAll ? 0 : (this.#lookedAt.get(queue) ?? 0);
    let isEnd = false;
    while (!isEnd && pages.length < (ofAll ? mostPages : pagesPerSweep)) {
      const owners = await this.#options.inspector.activeOwners(queue, from, pageSize);
      pages.push(owners);
      from += pageSize;
      isEnd = owners.length < pageSize;
    }
    if (isEnd) this.#lookedAt.delete(queue);
    else if (!ofAll) this.#lookedAt.set(queue, from);
    return pages.reverse().flat();
  }

  async #consider(queue: string, job: ActiveJobOwner, sweep: Sweep & { readonly epoch: number }): Promise<void> {
    const { now, leaseless, witness, epoch, hasLanes } = sweep;
    // The count of starts tells this run from an earlier one that was without a lease too.
    const key = `${queue}\n${job.id}\n${job.starts}`;
    const since = leaseless.get(key)?.since ?? now;
    if (job.token === '') leaseless.set(key, { since, seenAt: now });
    else leaseless.delete(key);
    const worker = workerOfToken(job.token);
    const owner = worker === undefined ? undefined : this.#watch.verdictOn(worker, now);
    const { policy, clock } = this.#options;
    if (!isOrphaned({ token: job.token, owner, leaselessMs: now - since }, policy.leaselessGraceMs)) return;

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
