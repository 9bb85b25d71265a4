import type { Logger } from 'pino';
import { AuditLog } from '../audit/audit-log.js';
import { AuditNotes } from '../audit/audit-notes.js';
import { AuditReader } from '../audit/audit-reader.js';
import { HeadWitness } from '../audit/head-witness.js';
import { BreakerStore } from '../breaker/breaker-store.js';
import { BreakerWatch } from '../breaker/breaker-watch.js';
import { ParkedReturn } from '../breaker/parked-return.js';
import type {
  ResolvedDeadLetterOptions,
  ResolvedJobLimitOptions,
  ResolvedRedisOptions,
  ResolvedSupervisorOptions,
} from '../config/option-types.js';
import { DeadLetterStore } from '../dead-letter/dead-letter-store.js';
import { RetentionSweeper } from '../dead-letter/retention-sweeper.js';
import { QueueFlows } from '../flow/queue-flows.js';
import { CensusSweeper } from '../recovery/census-sweeper.js';
import { CrashStore } from '../recovery/crash-store.js';
import { DeathWatch } from '../recovery/death-watch.js';
import { FleetStore } from '../recovery/fleet-store.js';
import { FleetView } from '../recovery/fleet-view.js';
import { OrphanSweeper } from '../recovery/orphan-sweeper.js';
import { Quarantine } from '../recovery/quarantine.js';
import { createWorkerId } from '../recovery/worker-id.js';
import { closeRedis } from '../redis/connection.js';
import { type OpenRedis, openRedis } from '../redis/open-redis.js';
import { redisChecks } from '../redis/redis-checks.js';
import { answerAutoscale, autoscalePath } from '../scaling/autoscale-endpoint.js';
import { Autoscaler } from '../scaling/autoscaler.js';
import { ScaleStore } from '../scaling/scale-store.js';
import { WorkerSlots } from '../scaling/worker-slots.js';
import { PeriodicService } from '../service/periodic-service.js';
import { HistoryRelief } from '../shedding/history-relief.js';
import { memoryStage } from '../shedding/pressure.js';
import { ShedControl } from '../shedding/shed-control.js';
import { ShedStore } from '../shedding/shed-store.js';
import type { HealthCheck } from '../telemetry/health.js';
import { type HttpRoute, jsonAnswer } from '../telemetry/http-answer.js';
import type { Metrics } from '../telemetry/metrics.js';
import { systemClock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import { JobHistory } from '../transport/job-history.js';
import { ParkedJobs } from '../transport/parked-jobs.js';
import { QueueAdmin } from '../transport/queue-admin.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { QueueFences } from '../transport/queue-fences.js';
import { QueueInspector } from '../transport/queue-inspector.js';
import { LeaderLease } from './leader-lease.js';
import { PressureGauge } from './pressure-gauge.js';
import { QueueSampler } from './queue-sampler.js';
import { RedisGauges } from './redis-gauges.js';

export interface SupervisorParts {
  readonly redis: ResolvedRedisOptions;
  readonly supervisor: ResolvedSupervisorOptions;
  readonly job: ResolvedJobLimitOptions;
  readonly deadLetter: ResolvedDeadLetterOptions;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Whether Redis lost any connection is so cheap a question that a large fleet's leader asks it more often than for the connections. */
const countsPerWatch = 3;
/** Workers tell of their calls every half second; a look more often would see nothing new, one less often opens later. */
const breakerLookMs = 250;
/** Jobs come back in batches of a tenth of a second: larger ones go to one worker, which may not make so many calls at once. */
const returnMs = 100;
/** The controller's gains are for a step a second. */
const shedStepMs = 1_000;
/** Where the audit stream stands is told so often: what was decided since could be written anew unseen. */
const witnessMs = 60_000;
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
  #services: PeriodicService[] = [];
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
    const { redis, supervisor, job, deadLetter, log, metrics } = this.#parts;
    this.#open = await openRedis({ redis, name: `bulwark:supervisor:${this.id}`, manner: 'patient', log, metrics });
    if (this.#stopping !== undefined) return closeRedis(this.#open.client);
    const { client, keyspace, reportError } = this.#open;
    const directory = new QueueDirectory(client, keyspace);
    const inspector = new QueueInspector(client, keyspace);

    const admin = new QueueAdmin(client, keyspace, reportError);
    const queues = async () => [...(await directory.list()).keys()];
    const fences = new QueueFences(client, keyspace, log);
    const audit = new AuditLog(client, keyspace);
    const notes = new AuditNotes({ audit, clock: systemClock, log });
    this.#notes = notes;
    const lease = new LeaderLease({
      client,
      keyspace,
      id: this.id,
      leaseMs: supervisor.leaseMs,
      renewMs: supervisor.renewMs,
      clock: systemClock,
      log,
      raiseFences: async (epoch) => fences.raise(epoch, await queues()),
      onChange: (leads, epoch, why) => {
        notes.add({ by: this.id, what: leads ? 'leader.elect' : 'leader.lose', why, fence: epoch, details: {} });
        metrics.supervisorLeader.set(leads ? 1 : 0);
        metrics.supervisorEpoch.set(epoch);
        if (!leads) for (const told of tellers) told.clear();
        // What the leader before left undone is looked for at once.
        else for (const service of this.#services) service.wake();
      },
    });
    this.#lease = lease;
    /** Those that came since the election are fenced before anything is written to them. */
    const fencedQueues = async () => {
      const [names, epoch] = [await queues(), lease.term];
      if (epoch !== undefined && (await fences.raiseNew(epoch, names)) > epoch) lease.deposed(epoch);
      return names;
    };
    const fleet = new FleetStore(client, keyspace);
    const view = new FleetView(fleet, systemClock);
    const flows = new QueueFlows();
    const sampler = new QueueSampler({
      inspector,
      queues: () => directory.list(),
      flows,
      metrics,
      clock: systemClock,
    });
    const sweeper = new OrphanSweeper({
      fleet,
      view,
      inspector,
      admin,
      crashes: new CrashStore(client, keyspace),
      queues: fencedQueues,
      leadership: lease,
      policy: {
        deadAfterMs: supervisor.deadAfterMs,
        // Silence that nobody watched proves nothing; half the time leaves workers the other half to come back after an outage.
        maxGapMs: Math.max(2 * supervisor.sweepMs, supervisor.deadAfterMs / 2),
        leaselessGraceMs: supervisor.deadAfterMs,
        quarantineAfter: supervisor.quarantineAfter,
        poisonAfter: supervisor.poisonAfter,
        crashWindowMs: supervisor.crashWindowMs,
        quarantineMs: supervisor.quarantineMs,
      },
      limits: job,
      audit: notes,
      supervisor: this.id,
      clock: systemClock,
      log,
      metrics,
    });
    const deathWatch = new DeathWatch({
      client,
      fleet,
      view,
      clock: systemClock,
      pace: { watchMs: supervisor.watchMs, lateMs: supervisor.deadAfterMs / 2 },
      log,
      metrics,
      onDeath: (workers) => sweeper.recoverFrom(workers),
    });
    const census = new CensusSweeper({
      client,
      keyspace,
      inspector,
      admin,
      queues: fencedQueues,
      leadership: lease,
      audit: notes,
      supervisor: this.id,
      log,
      metrics,
    });
    const quarantine = new Quarantine({
      fleet,
      view,
      inspector,
      queues,
      leadership: lease,
      isGone: (worker) => sweeper.isGone(worker),
      clock: systemClock,
      log,
    });
    const retention = new RetentionSweeper({
      client,
      letters: (queue) => new DeadLetterStore(client, keyspace, queue),
      audit,
      queues: fencedQueues,
      leadership: lease,
      policy: deadLetter,
      supervisor: this.id,
      log,
      metrics,
    });
    const breakerWatch = new BreakerWatch({
      store: new BreakerStore(client, keyspace),
      audit,
      leadership: lease,
      supervisor: this.id,
      clock: systemClock,
      random: Math.random,
      log,
      metrics,
    });
    const parkedReturn = new ParkedReturn({
      parked: new ParkedJobs(client, keyspace),
      watch: breakerWatch,
      queues: () => directory.list(),
      leadership: lease,
      clock: systemClock,
      log,
      metrics,
    });
    const redisGauges = new RedisGauges(metrics);
    const pressure = new PressureGauge({
      client,
      fleet,
      clock: systemClock,
      tell: (info, roundTripMs) => redisGauges.tell(info, roundTripMs),
    });
    const autoscaler = new Autoscaler({
      store: new ScaleStore(client, keyspace),
      slots: new WorkerSlots({
        view,
        beatsOf: (ids) => fleet.beatsOf(ids),
        deadAfterMs: supervisor.deadAfterMs,
      }),
      queues: () => directory.list(),
      flowOf: (queue) => flows.of(queue),
      openBreakers: (names) => parkedReturn.openBreakers(names),
      redisPressure: () => memoryStage(pressure.last?.memoryRatio),
      downAfterMs: supervisor.scaleDownAfterMs,
      leadership: lease,
      clock: systemClock,
      log,
      metrics,
    });
    const shedControl = new ShedControl({
      store: new ShedStore(client, keyspace),
      parked: new ParkedJobs(client, keyspace),
      queues: () => directory.list(),
      flowOf: (queue) => flows.of(queue),
      oldestAgeMs: (queue) => sampler.oldestAgeMs(queue),
      pressure: () => pressure.measure(),
      leadership: lease,
      audit: notes,
      supervisor: this.id,
      clock: systemClock,
      log,
      metrics,
    });
    const witness = new HeadWitness({ reader: new AuditReader(client, keyspace), log, metrics });
    const historyRelief = new HistoryRelief({
      history: new JobHistory(client, keyspace),
      memoryRatio: () => pressure.last?.memoryRatio,
      queues: async () => (await directory.list()).keys(),
      leadership: lease,
      audit: notes,
      supervisor: this.id,
      log,
      metrics,
    });
    const tellers = [sampler, breakerWatch, parkedReturn, autoscaler, shedControl, historyRelief, witness, redisGauges];
    this.#services = [
      this.#whileLeading('queue-sampler', supervisor.sampleMs, () => sampler.sample()),
      this.#whileLeading('shed-control', shedStepMs, () => shedControl.step()),
      this.#whileLeading('history-relief', shedStepMs, () => historyRelief.relieve()),
      this.#whileLeading('autoscaler', supervisor.sampleMs, () => autoscaler.decide()),
      this.#whileLeading('orphan-sweeper', supervisor.sweepMs, () => sweeper.sweep()),
      this.#whileLeading('census-sweeper', supervisor.censusMs, () => census.sweep()),
      this.#whileLeading('audit-head', witnessMs, () => witness.look()),
      this.#whileLeading('retention-sweeper', deadLetter.sweepMs, (signal) => retention.sweep(signal)),
      this.#whileLeading('quarantine', supervisor.sweepMs, () => quarantine.assign()),
      this.#whileLeading('breaker-watch', breakerLookMs, () => breakerWatch.look()),
      this.#whileLeading('parked-return', returnMs, () => parkedReturn.bringBack()),
      this.#whileLeading('death-watch', supervisor.watchMs / countsPerWatch, (signal) => deathWatch.look(signal)),
    ];
    lease.start();
    for (const service of this.#services) service.start();
    log.info({ supervisor: this.id }, 'supervisor.started');
  }

  /** Resigns and stops, within a few seconds, with Redis or without. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // A start that is under way sees that the supervisor is stopping, and undoes itself.
    await within(farewellMs, this.#starting?.catch(() => undefined) ?? Promise.resolve());
    await within(farewellMs, Promise.all(this.#services.map((service) => service.stop())));
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

  #whileLeading(name: string, intervalMs: number, run: (signal: AbortSignal) => Promise<void>): PeriodicService {
    const { log, metrics } = this.#parts;
    return new PeriodicService({
      name,
      intervalMs,
      run: async (signal) => {
        if (this.leads) await run(signal);
      },
      log,
      onRun: (result, durationMs) => {
        metrics.serviceRuns.inc({ service: name, result });
        metrics.serviceRunDuration.observe({ service: name }, durationMs / 1000);
      },
    });
  }
}
