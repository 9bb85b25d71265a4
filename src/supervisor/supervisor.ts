import { AuditLog } from '../audit/audit-log.js';
import { AuditNotes } from '../audit/audit-notes.js';
import { createWorkerId } from '../recovery/worker-id.js';
import { closeRedis } from '../redis/connection.js';
import { type OpenRedis, openRedis } from '../redis/open-redis.js';
import { redisChecks } from '../redis/redis-checks.js';
import { answerAutoscale, autoscalePath } from '../scaling/autoscale-endpoint.js';
import { ScaleStore } from '../scaling/scale-store.js';
import type { HealthCheck } from '../telemetry/health.js';
import { type HttpRoute, jsonAnswer } from '../telemetry/http-answer.js';
import { systemClock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { type LeadChange, LeaderLease } from './leader-lease.js';
import { LeaderQueues } from './leader-queues.js';
import { LeaderServices } from './leader-services.js';
import type { SupervisorParts } from './supervisor-parts.js';

/** How long stopping may take when Redis does not answer. */
const farewellMs = 2_000;

/**
 * A supervisor: one of them leads, the others stand by and take over when it falls silent. The leader counts the queues, watches
 * the workers and brings back the jobs of dead ones. It is in no job's way: without any supervisor the workers go on.
 */
export class Supervisor {
  readonly id: string = createWorkerId();
  readonly #parts: SupervisorParts;
  #starting: Promise<void> | undefined;
  #open: OpenRedis | undefined;
  #lease: LeaderLease | undefined;
  #notes: AuditNotes | undefined;
  #services: LeaderServices | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
  }

  /** Whether this supervisor leads at this moment. */
  get leads(): boolean {
    return this.#lease?.held ?? false;
  }

  /**
   * Connects and stands for the lead. Safe to call again, also after it failed. A supervisor lives once: after `stop` it does
   * nothing; make a new one.
   *
   * @throws RedisUnavailableError when Redis cannot be reached; RedisMisconfiguredError when it would lose jobs.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.#stopping !== undefined) return;
    const { redis, log, metrics } = this.#parts;
    const open = await openRedis({ redis, name: `bulwark:supervisor:${this.id}`, manner: 'patient', log, metrics });
    this.#open = open;
    if (this.#stopping !== undefined) return closeRedis(open.client);
    const { client, keyspace } = open;
    const queues = new LeaderQueues(client, keyspace, log);
    const audit = new AuditLog(client, keyspace);
    const notes = new AuditNotes({ audit, clock: systemClock, log });
    const lease = this.#createLease(open, queues);
    this.#notes = notes;
    this.#lease = lease;
    this.#services = new LeaderServices({ ...this.#parts, id: this.id, open, queues, leadership: lease, audit, notes });
    lease.start();
    this.#services.start();
    log.info({ supervisor: this.id }, 'supervisor.started');
  }

  #createLease({ client, keyspace }: OpenRedis, queues: LeaderQueues): LeaderLease {
    const { supervisor, log } = this.#parts;
    return new LeaderLease({
      client,
      keyspace,
      id: this.id,
      leaseMs: supervisor.leaseMs,
      renewMs: supervisor.renewMs,
      clock: systemClock,
      log,
      raiseFences: (epoch) => queues.raiseFences(epoch),
      onChange: (leads, epoch, why) => this.#turned(leads, epoch, why),
    });
  }

  #turned(leads: boolean, epoch: number, why: LeadChange): void {
    const { metrics } = this.#parts;
    this.#notes?.add({ by: this.id, what: leads ? 'leader.elect' : 'leader.lose', why, fence: epoch, details: {} });
    metrics.supervisorLeader.set(leads ? 1 : 0);
    metrics.supervisorEpoch.set(epoch);
    if (leads) this.#services?.wake();
    else this.#services?.clear();
  }

  /** Resigns and stops, within a few seconds, with Redis or without. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // A start that is under way sees that the supervisor is stopping, and undoes itself.
    await within(farewellMs, this.#starting?.catch(() => undefined) ?? Promise.resolve());
    await within(farewellMs, this.#services?.stop() ?? Promise.resolve());
    await within(farewellMs, this.#lease?.stop() ?? Promise.resolve());
    // What it has decided is told before it goes.
    await within(farewellMs, this.#notes?.written() ?? Promise.resolve());
    if (this.#open) await closeRedis(this.#open.client);
    this.#parts.log.info({ supervisor: this.id }, 'supervisor.stopped');
  }

  /** What `/readyz` asks. A standby is ready too. */
  get healthChecks(): Readonly<Record<string, HealthCheck>> {
    return {
      ...redisChecks(this.#parts.redis, () => this.#open?.client),
      role: async () => (this.leads ? 'leader' : 'standby'),
    };
  }

  /** What its window answers beside metrics and health. */
  get routes(): Readonly<Record<string, HttpRoute>> {
    return {
      [autoscalePath]: async (group) => {
        if (!this.#open) return jsonAnswer(503, { error: 'not connected to Redis yet' });
        const { client, keyspace } = this.#open;
        const store = new ScaleStore(client, keyspace);
        const directory = new QueueDirectory(client, keyspace);
        const groups = async () =>
          [...new Set([...(await directory.list()).values()].map((policy) => policy.group))].sort();
        return answerAutoscale({ record: (name) => store.record(name), groups }, group);
      },
    };
  }
}
