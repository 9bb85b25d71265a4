import type { Logger } from 'pino';
import type { AuditNotes } from '../audit/audit-notes.js';
import type { RedisClient } from '../redis/connection.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type JobPlaces, type PlaceName, readJobPlaces } from '../transport/job-places.js';
import type { QueueAdmin } from '../transport/queue-admin.js';
import type { QueueInspector } from '../transport/queue-inspector.js';
import { scanStep } from '../transport/scan-hashes.js';
import { decideRepair, type RepairDecision } from './decide-repair.js';
import type { Leadership } from './leadership.js';

export interface CensusSweeperOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly inspector: Pick<QueueInspector, 'sample'>;
  readonly admin: Pick<QueueAdmin, 'repair'>;
  readonly queues: () => Promise<Iterable<string>>;
  readonly leadership: Leadership;
  readonly audit: Pick<AuditNotes, 'add'>;
  /** Who repairs: the audit stream says so. */
  readonly supervisor: string;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'halfWrittenJobs'>;
}

/** Looking where a job is reads the lists of its queue whole: longer ones are left to `bulwark doctor`. */
const longestLists = 20_000;
const jobsPerLook = 500;
/** So many that look wrong are kept in mind until the next look. */
const mostSuspects = 1_000;
/** So many repaired jobs are named in the audit stream. */
const mostNamed = 10;

/**
 * Goes through all jobs, about a thousand keys of Redis at a time, and repairs those that break law 1: in no place, so that nobody
 * would ever run them, or in several. Every transition is one script, so there should be none; a count that is not zero tells of a bug,
 * of somebody else's hand, or of a Redis that lost a part of its writes.
 *
 * What looks wrong is looked at once more in the next sweep, and checked again by the script that repairs it.
 */
export class CensusSweeper {
  readonly #options: CensusSweeperOptions;
  #cursor = '0';
  /** What looked wrong in the last sweep, by queue. */
  #suspects: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  constructor(options: CensusSweeperOptions) {
    this.#options = options;
  }

  /** One step through the keys, and a second look at what seemed wrong in the one before. */
  async sweep(): Promise<void> {
    const { client, keyspace, queues } = this.#options;
    const { byQueue, cursor } = await scanStep(client, keyspace, this.#cursor);
    this.#cursor = cursor;
    const known = new Set([...(await queues())].flatMap((queue) => [queue, deadLetterQueue(queue)]));
    const suspects = new Map<string, Set<string>>();
    let room = mostSuspects;
    for (const queue of known) {
      const again = this.#suspects.get(queue) ?? new Set();
      const ids = [...new Set([...again, ...(byQueue.get(queue) ?? [])])];
      if (ids.length === 0 || (await this.#isTooLong(queue))) continue;
      const repaired: string[] = [];
      for (const job of await this.#lookAt(queue, ids)) {
        const decision = decideRepair(job);
        if (decision.kind === 'leave' && decision.fault === undefined) continue;
        if (again.has(job.id)) {
          if (await this.#repair(queue, job, decision)) repaired.push(job.id);
        } else if (room-- > 0) suspects.set(queue, (suspects.get(queue) ?? new Set()).add(job.id));
      }
      this.#writeDown(queue, repaired);
    }
    this.#suspects = suspects;
  }

  async #isTooLong(queue: string): Promise<boolean> {
    const { waiting, active } = await this.#options.inspector.sample(queue);
    return waiting + active > longestLists;
  }

  async #lookAt(queue: string, ids: readonly string[]): Promise<JobPlaces[]> {
    const { client, keyspace } = this.#options;
    const seen: JobPlaces[] = [];
    for (let from = 0; from < ids.length; from += jobsPerLook) {
      seen.push(...(await readJobPlaces(client, keyspace, queue, ids.slice(from, from + jobsPerLook))));
    }
    return seen;
  }

  /** Answers whether it was repaired. */
  async #repair(queue: string, { id, places }: JobPlaces, decision: RepairDecision): Promise<boolean> {
    const { log, metrics } = this.#options;
    const fault = places.length === 0 ? 'lost' : 'twice';
    const place = decision.kind === 'keep' ? decision.place : undefined;
    const repaired = decision.kind !== 'leave' && (await this.#apply(queue, id, place));
    if (decision.kind !== 'leave' && !repaired) return false;
    metrics.halfWrittenJobs.inc({ queue, fault, decision: repaired ? 'repaired' : 'left' });
    log.error({ queue, jobId: id, fault, places, decision: repaired ? 'repaired' : 'left' }, 'job.half_written');
    return repaired;
  }

  #writeDown(queue: string, repaired: readonly string[]): void {
    const { audit, supervisor, leadership } = this.#options;
    const { term } = leadership;
    if (repaired.length === 0) return;
    const fence = term === undefined ? {} : { fence: term };
    const details = { jobs: repaired.slice(0, mostNamed) };
    audit.add({
      by: supervisor,
      what: 'job.repair',
      queue,
      why: 'half_written',
      count: repaired.length,
      ...fence,
      details,
    });
  }

  async #apply(queue: string, id: string, keep: PlaceName | undefined): Promise<boolean> {
    const { admin, leadership } = this.#options;
    const epoch = leadership.term;
    if (epoch === undefined) return false;
    const reply = await admin.repair(queue, id, keep, epoch);
    if (reply === 'deposed') leadership.deposed(epoch);
    return reply === 'repaired';
  }
}
