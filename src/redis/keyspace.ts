import { deadLetterSuffix } from '../job/define-queue.js';
import type { DueParkReason } from '../job/outcome.js';

/**
 * Every key Bulwark uses, in one place.
 *
 * One hash tag per queue, so that a queue lives in one slot of a Redis Cluster and its transitions can be atomic; one hash
 * tag for what belongs to the whole fleet.
 */
export class Keyspace {
  readonly #fleet: string;

  constructor(readonly namespace: string) {
    this.#fleet = `{${namespace}}:bw`;
  }

  /** The prefix BullMQ is given for this queue: also the hash tag. */
  prefix(queue: string): string {
    return `{${this.namespace}:${baseQueue(queue)}}`;
  }

  /** A key of BullMQ's layout: `wait`, `active`, `delayed`, `events` …, or a job's id. */
  queue(queue: string, part: string): string {
    return `${this.prefix(queue)}:${queue}:${part}`;
  }

  /** What all keys of a queue begin with, BullMQ's `keyPrefix`. */
  queueBase(queue: string): string {
    return `${this.prefix(queue)}:${queue}:`;
  }

  /** zset: jobs set aside for a reason, by the moment they come back on their own. */
  parked(queue: string, reason: DueParkReason): string {
    return `${this.parkedBase(queue)}${reason}`;
  }

  /** What the keys of the indexes of parked jobs begin with. */
  parkedBase(queue: string): string {
    return `${this.prefix(queue)}:bw:parked:`;
  }

  /**
   * zset: the jobs of one tenant that wait for one of its slots, by age, because the oldest is the next to get one. `tenant-slots.lua` writes it. A
   * long name of a tenant stands there as its digest. Expires.
   */
  awaitingSlotOf(queue: string, tenant: string): string {
    return `${this.awaitingSlots(queue)}:${tenant}`;
  }

  /** zset: the jobs of all tenants that wait for a slot of their tenant, by the moment they come back on their own. Expires. */
  awaitingSlots(queue: string): string {
    return `${this.parkedBase(queue)}tenant_slots`;
  }

  /** zset: when the next turn of each tenant of the queue is, as long as that matters, and `now`. Expires. */
  turns(queue: string): string {
    return `${this.prefix(queue)}:bw:turns`;
  }

  /** hash: how many jobs of each tenant run, where that is limited, and when they were counted. Expires. */
  tenantRuns(queue: string): string {
    return `${this.prefix(queue)}:bw:tenant-runs`;
  }

  /** What the keys of the effect ledger begin with: its pages, each a hash by digest of a job's key, and `pages`, the list of them. They expire. */
  ledgerBase(queue: string): string {
    return `${this.prefix(queue)}:bw:idem:`;
  }

  /** What the keys of the retry budgets begin with: one hash per dependency, and one for all other causes. They expire when they are full. */
  retryBudgetBase(queue: string): string {
    return `${this.prefix(queue)}:bw:retry-budget:`;
  }

  /** string: the highest epoch of a leader that may write to the queue. */
  fence(queue: string): string {
    return `${this.prefix(queue)}:bw:fence`;
  }

  /** set: ids of all workers. */
  get workers(): string {
    return `${this.#fleet}:workers`;
  }

  /** string: what a worker told of itself with its last beat, as JSON. Expires when it falls silent. */
  worker(id: string): string {
    return `${this.#fleet}:worker:${id}`;
  }

  /** list: what is wanted of a worker, until its next beat takes it. Expires. */
  orders(id: string): string {
    return `${this.#fleet}:orders:${id}`;
  }

  /** string: how a worker's process died, as its keeper saw it, as JSON. Expires after a day. */
  crash(workerId: string): string {
    return `${this.#fleet}:crash:${workerId}`;
  }

  /** hash: who leads, with a time to live. */
  get leader(): string {
    return `${this.#fleet}:leader`;
  }

  /** counter: grows with every election; what a leader writes to a queue carries it, and is checked against the queue's fence. */
  get epoch(): string {
    return `${this.#fleet}:epoch`;
  }

  /** stream: what the supervisor decided and operators did on one day, `20260304`. Expires. */
  audit(day: string): string {
    return `${this.#fleet}:audit:${day}`;
  }

  /** hash: where the chain of the audit stream stands. No time to live: the chain goes on when all its days have expired. */
  get auditHead(): string {
    return `${this.#fleet}:audit-head`;
  }

  /** string: what the leader wants to be shed, as JSON. Expires within seconds, and then everything is let in. */
  get shedDirective(): string {
    return `${this.#fleet}:directive:shed`;
  }

  /** string: what an operator wants to be shed, as JSON, until it expires. */
  get shedOrder(): string {
    return `${this.#fleet}:shed-order`;
  }

  /** hash: how many jobs of each queue producers have refused. Expires. */
  get shedRefused(): string {
    return `${this.#fleet}:shed-refused`;
  }

  /** hash: every queue that was ever defined here, with its policy as JSON. */
  get queues(): string {
    return `${this.#fleet}:queues`;
  }

  /** hash: the breakers that are not as good as new, by name, as JSON. Expires a day after it was last read or written. */
  get breakers(): string {
    return `${this.#fleet}:breakers`;
  }

  /** counter: grows with every transition of a breaker; workers see by it that something changed. Expires with the breakers. */
  get breakerGeneration(): string {
    return `${this.#fleet}:breakers:generation`;
  }

  /** hash: when the next call may be made of a breaker that closed a short while ago, by name. Expires. */
  get breakerRations(): string {
    return `${this.#fleet}:breakers:rations`;
  }

  /** list: what workers saw of their calls, until the leader takes it. Expires. */
  get breakerEvidence(): string {
    return `${this.#fleet}:breakers:evidence`;
  }

  /** hash: how many workers each group wants, as the leader last reckoned it, as JSON. Expires. */
  get scale(): string {
    return `${this.#fleet}:scale`;
  }

  /** string: what an operator set for a group, as JSON. Expires when it ends. */
  scaleRule(group: string): string {
    return `${this.#fleet}:scale:rule:${group}`;
  }
}

/** The name of a queue's dead-letter queue. */
export function deadLetterQueue(queue: string): string {
  return `${queue}${deadLetterSuffix}`;
}

export function isDeadLetterQueue(queue: string): boolean {
  return queue.endsWith(deadLetterSuffix);
}

/** A dead-letter queue shares prefix and slot with the queue it serves. */
function baseQueue(queue: string): string {
  return isDeadLetterQueue(queue) ? queue.slice(0, -deadLetterSuffix.length) : queue;
}
