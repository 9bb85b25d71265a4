import type { Logger } from 'pino';
import type { DeadLetterRecord } from '../dead-letter/record.js';
import { errorMessage } from '../errors/error-message.js';
import { type ReportLimits, reportError } from '../retry/error-report.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import { workerOfToken } from '../transport/lease-token.js';
import type { QueueAdmin } from '../transport/queue-admin.js';
import type { QueueInspector } from '../transport/queue-inspector.js';
import type { ActiveJobOwner } from '../transport/scripts.js';
import { decideRecovery, type RecoveryPolicy } from './decide-recovery.js';
import type { FleetStore } from './fleet-store.js';
import type { FleetView, SeenWorker } from './fleet-view.js';
import { FleetWatch, type FleetWatchPolicy } from './fleet-watch.js';
import type { Leadership } from './leadership.js';
import { PoisonJobError } from './poison-job-error.js';

export interface OrphanSweeperOptions {
  readonly fleet: FleetStore;
  readonly view: FleetView;
  readonly inspector: QueueInspector;
  readonly admin: QueueAdmin;
  readonly queues: () => Promise<Iterable<string>>;
  readonly leadership: Leadership;
  readonly policy: FleetWatchPolicy & RecoveryPolicy;
  readonly limits: ReportLimits;
  /** Who sweeps, for the record of a poison job. */
  readonly supervisor: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Since when jobs have been without a lease: at the look before, and at this one. */
interface Leaseless {
  readonly before: ReadonlyMap<string, number>;
  readonly seen: Map<string, number>;
}

/** Active jobs are looked at so many at a time, and at most so many a sweep; the rest has its turn in the next one. */
const pageSize = 500;
const maxPages = 20;
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
  /** Since when jobs have been seen without a lease, by queue, id and run. */
  #leaselessSince = new Map<string, number>();
  #lastSweep = Number.NEGATIVE_INFINITY;
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
    if (now - this.#lastSweep > policy.maxGapMs) this.#leaselessSince.clear();
    this.#lastSweep = now;
    this.#watch.look(workers, now);
    const { alive, suspect, dead } = this.#watch.counts(now);
    const blocked = await this.#tellBlocked(workers, now);
    for (const [state, count] of Object.entries({ alive: alive - blocked, blocked, suspect, dead })) {
      metrics.workers.set({ state: state as 'alive' | 'blocked' | 'suspect' | 'dead' }, count);
    }

    const leaseless = new Map<string, number>();
    await this.#sweepAll(now, { before: this.#leaselessSince, seen: leaseless }).finally(() => {
      this.#leaselessSince = leaseless;
    });
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

  /** Puts back at once the jobs of workers whose process is gone. */
  async recoverFrom(workers: readonly string[]): Promise<void> {
    const now = this.#options.clock.elapsed();
    for (const worker of workers) this.#watch.declareDead(worker, now);
    // How long others have been without a lease is for the sweeps to judge, which know what they have seen.
    await this.#sweepAll(now, { before: new Map(), seen: new Map() });
  }

  async #sweepAll(now: number, leaseless: Leaseless): Promise<void> {
    const { queues, leadership } = this.#options;
    const epoch = leadership.term;
    if (epoch === undefined) return;
    const failures: unknown[] = [];
    for (const queue of await queues()) {
      // One queue that cannot be read must not keep the others from being swept.
      await this.#sweepQueue(queue, now, leaseless, epoch).catch((cause: unknown) => {
        failures.push(new Error(`queue ${queue} could not be swept: ${errorMessage(cause)}`, { cause }));
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  async #sweepQueue(queue: string, now: number, leaseless: Leaseless, epoch: number): Promise<void> {
    for (const job of await this.#activeJobs(queue)) {
      // What was found under one term is not done in another: whoever was held up for so long has seen too little.
      if (this.#options.leadership.term !== epoch) return;
      // One job that cannot be recovered must not keep the others from it.
      await this.#consider(queue, job, now, leaseless, epoch).catch((error: unknown) => {
        this.#options.log.error({ queue, jobId: job.id, err: error }, 'job.recovery_failed');
      });
    }
  }

  /**
   * The newest first: each one that is put back is the next to start, so the oldest comes last and goes first. All are read
   * before any is moved, because that would shift the pages.
   */
  async #activeJobs(queue: string): Promise<ActiveJobOwner[]> {
    const pages: ActiveJobOwner[][] = [];
    for (let page = 0; page < maxPages; page++) {
      const owners = await this.#options.inspector.activeOwners(queue, page * pageSize, pageSize);
      pages.push(owners);
      if (owners.length < pageSize) break;
    }
    return pages.reverse().flat();
  }

  async #consider(queue: string, job: ActiveJobOwner, now: number, leaseless: Leaseless, epoch: number): Promise<void> {
    // The count of crashes tells this run from an earlier one that was without a lease too.
    const key = `${queue}\n${job.id}\n${job.crashes}`;
    const since = leaseless.before.get(key) ?? now;
    if (job.token === '') leaseless.seen.set(key, since);
    const worker = workerOfToken(job.token);
    const decision = decideRecovery(
      {
        token: job.token,
        owner: worker === undefined ? undefined : this.#watch.verdictOn(worker, now),
        leaselessMs: now - since,
        crashes: job.crashes,
      },
      this.#options.policy,
    );
    if (decision.kind === 'leave') return;
    const { admin, leadership, log, metrics } = this.#options;
    const reply =
      decision.kind === 'requeue'
        ? await admin.recover(queue, job.id, job.token, epoch)
        : await admin.deadLetterOrphan(
            queue,
            job.id,
            job.token,
            this.#poisonRecord(queue, job.id, decision.crashes),
            epoch,
          );
    if (reply === 'deposed') leadership.deposed(epoch);
    if (reply !== 'done') return;
    const outcome = decision.kind === 'requeue' ? 'requeued' : 'dead_lettered';
    metrics.orphanedJobs.inc({ queue, decision: outcome });
    // The supervisor knows no kinds.
    if (outcome === 'dead_lettered') metrics.deadLetters.inc({ queue, kind: 'other', reason: 'poison' });
    log.warn({ queue, jobId: job.id, worker, crashes: job.crashes + 1, decision: outcome }, 'job.recovered');
  }

  #poisonRecord(queue: string, id: string, crashes: number): DeadLetterRecord {
    return {
      reason: 'poison',
      error: reportError(new PoisonJobError(crashes), 'permanent', this.#options.limits),
      queue,
      id,
      by: this.#options.supervisor,
    };
  }
}
