import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { ResolvedJobLimitOptions, ResolvedRedisOptions, ResolvedWorkerOptions } from '../config/option-types.js';
import { DrainTimeoutError, JobCancelledError } from '../job/abort-reasons.js';
import type { Outcome } from '../job/outcome.js';
import type { KindRegistry } from '../job/registry.js';
import { connectionName } from '../recovery/connections.js';
import { FleetStore } from '../recovery/fleet-store.js';
import { Guard } from '../recovery/guard.js';
import { Heartbeat } from '../recovery/heartbeat.js';
import type { WorkerBeat, WorkerState } from '../recovery/worker-beat.js';
import { createWorkerId } from '../recovery/worker-id.js';
import { ClientId } from '../redis/client-id.js';
import { closeRedis } from '../redis/connection.js';
import { type OpenRedis, openRedis } from '../redis/open-redis.js';
import type { HealthCheck } from '../telemetry/health.js';
import type { Metrics } from '../telemetry/metrics.js';
import { bulwarkVersion } from '../telemetry/version.js';
import { systemClock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { QueueConsumer } from '../transport/queue-consumer.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import type { Settled } from '../transport/settlement.js';
import { Executor } from './executor.js';
import { reportOutcome } from './report-outcome.js';

export interface WorkerParts {
  readonly redis: ResolvedRedisOptions;
  readonly worker: ResolvedWorkerOptions;
  readonly job: ResolvedJobLimitOptions;
  readonly registry: KindRegistry;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Told when the worker gets no work and a new connection did not help: it takes a new process. Default: the log says so. */
  readonly onBeyondRepair?: ((reason: string) => void) | undefined;
}

/** How a worker's shutdown went. */
export interface DrainReport {
  /** Jobs that were given back because they did not end in time. None of them used up an attempt. */
  readonly released: number;
  readonly durationMs: number;
}

/** How long giving back, or closing, may take when Redis does not answer. */
const farewellMs = 2_000;
const runningShown = 50;

/**
 * A worker: takes jobs of the kinds it knows and runs them, any number of workers side by side, none knowing of the others.
 *
 * Life: made → `start` → (`quiet`: takes no more) → `stop`: drains up to the deadline, then interrupts and gives back.
 */
export class Worker {
  readonly id: string = createWorkerId();
  readonly #parts: WorkerParts;
  readonly #startedAt = systemClock.now();
  #state: WorkerState = 'running';
  #starting: Promise<void> | undefined;
  #open: OpenRedis | undefined;
  #connection: ClientId | undefined;
  #consumers: QueueConsumer[] = [];
  #heartbeat: Heartbeat | undefined;
  #guard: Guard | undefined;
  #stopping: Promise<DrainReport> | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** How many jobs run now. */
  get busy(): number {
    return this.#consumers.reduce((sum, consumer) => sum + consumer.busy, 0);
  }

  /**
   * Connects and begins to take jobs. Safe to call again, also after it failed. A worker lives once: after `stop` it does
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
    const { redis, log, metrics, registry } = this.#parts;
    const open = await openRedis({ redis, name: connectionName(this.id), manner: 'patient', log, metrics });
    this.#open = open;
    const { client, keyspace } = open;
    // Asked before anything else, so that the first beat names it.
    this.#connection = new ClientId(client, open.reportError);
    const directory = new QueueDirectory(client, keyspace);
    try {
      await directory.register(registry.queues);
    } catch (error) {
      await closeRedis(client);
      throw error;
    }
    if (this.#stopping !== undefined) return closeRedis(client);
    this.#consumers = registry.queues.map((queue) => this.#createConsumer(queue.name, open));
    const guard = new Guard({
      worker: this.id,
      redis,
      keyspace,
      queues: registry.queues.map((queue) => queue.name),
      leaseMs: this.#parts.worker.leaseMs,
      leaseRenewMs: this.#parts.worker.leaseRenewMs,
      beatMs: this.#parts.worker.beatMs,
      blockedMaxMs: this.#parts.worker.blockedMaxMs,
      log,
    });
    this.#guard = guard;
    // What it stands in with, should the first job block the loop at once.
    guard.told({ ...this.#describe(), rssBytes: process.memoryUsage.rss(), loopDelayMs: 0 });
    guard.start();
    for (const consumer of this.#consumers) consumer.start();
    this.#heartbeat = new Heartbeat({
      store: new FleetStore(client, keyspace),
      intervalMs: this.#parts.worker.beatMs,
      describe: () => this.#describe(),
      register: () => directory.register(registry.queues),
      onBeat: (beat) => guard.told(beat),
      log,
      onRun: (result, durationMs) => {
        metrics.serviceRuns.inc({ service: 'heartbeat', result });
        metrics.serviceRunDuration.observe({ service: 'heartbeat' }, durationMs / 1000);
      },
    });
    this.#heartbeat.start();
    log.info(
      { worker: this.id, queues: registry.queues.map((queue) => queue.name), kinds: registry.kinds },
      'worker.started',
    );
  }

  /** Calls off a job that runs in this worker: its signal is aborted, and it is dead-lettered as cancelled. False when it does not run here. */
  cancel(jobId: string, why = 'cancelled'): boolean {
    return this.#consumers.some((consumer) => consumer.cancel(jobId, new JobCancelledError(`job ${jobId}: ${why}`)));
  }

  /** Takes no more jobs; running ones go on. */
  quiet(): void {
    if (this.#state === 'running') this.#state = 'quiet';
    for (const consumer of this.#consumers) consumer.quiet();
  }

  /**
   * Shuts down: takes no more, waits for running jobs up to the drain deadline, aborts those that are left, gives back those
   * that do not react, and closes. Never takes longer than drain deadline, abort grace and a few seconds, with Redis or without.
   */
  stop(options: { readonly drainTimeoutMs?: number } = {}): Promise<DrainReport> {
    this.#stopping ??= this.#drain(options.drainTimeoutMs ?? this.#parts.worker.drainTimeoutMs);
    return this.#stopping;
  }

  async #drain(drainTimeoutMs: number): Promise<DrainReport> {
    const startedAt = systemClock.elapsed();
    const { log, worker } = this.#parts;
    this.#state = 'draining';
    for (const consumer of this.#consumers) consumer.quiet();
    // A start that is under way sees that the worker is stopping, and undoes itself.
    await within(farewellMs, this.#starting?.catch(() => undefined) ?? Promise.resolve());
    log.info({ worker: this.id, running: this.busy, drainTimeoutMs }, 'worker.draining');
    for (const consumer of this.#consumers) consumer.quiet();
    const idle = Promise.all(this.#consumers.map((consumer) => consumer.whenIdle()));
    if ((await within(drainTimeoutMs, idle)) === 'late') {
      for (const consumer of this.#consumers) consumer.interrupt(new DrainTimeoutError(drainTimeoutMs));
      await within(worker.abortGraceMs + 500, idle);
    }
    await within(farewellMs, Promise.all(this.#consumers.map((consumer) => consumer.release())));
    // First the guard, or it would beat for a worker that has said farewell.
    await this.#guard?.stop();
    await within(farewellMs, this.#heartbeat?.stop() ?? Promise.resolve());
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    if (this.#open) await closeRedis(this.#open.client);
    const report: DrainReport = {
      released: this.#consumers.reduce((sum, consumer) => sum + consumer.released, 0),
      durationMs: Math.round(systemClock.elapsed() - startedAt),
    };
    log.info({ worker: this.id, ...report }, 'worker.stopped');
    return report;
  }

  /** What `/readyz` asks. */
  get healthChecks(): Readonly<Record<string, HealthCheck>> {
    return {
      redis: async () => {
        if (!this.#open) throw new Error('not connected yet');
        await this.#open.client.ping();
        return undefined;
      },
      taking_jobs: async () => {
        if (this.#state !== 'running') throw new Error(this.#state);
        return undefined;
      },
    };
  }

  #createConsumer(queue: string, { client, keyspace, reportError }: OpenRedis): QueueConsumer {
    const { worker, job: limits, log, metrics, registry } = this.#parts;
    const executor = new Executor({
      registry,
      limits,
      abortGraceMs: worker.abortGraceMs,
      log,
      metrics,
      clock: systemClock,
      random: Math.random,
      reportProgress: (jobId, progress) => consumer.reportProgress(jobId, progress),
    });
    const consumer: QueueConsumer = new QueueConsumer({
      client,
      keyspace,
      queue,
      worker: this.id,
      connectionName: connectionName(this.id),
      slots: worker.concurrency,
      leaseMs: worker.leaseMs,
      leaseRenewMs: worker.leaseRenewMs,
      fetchBlockMs: worker.fetchBlockMs,
      keepCompleted: { age: Math.ceil(limits.keepCompletedMs / 1000), count: limits.keepCompletedCount },
      keepAttempts: limits.keepAttempts,
      execute: (job, cancellation) => {
        this.#observeWait(job, queue);
        return executor.execute(job, cancellation);
      },
      onSettled: (job: FetchedJob, outcome: Outcome, settled: Settled) =>
        reportOutcome({ job, queue, outcome, settled, log, metrics, now: systemClock.now() }),
      onRenewed: (result, count) => metrics.leaseRenewals.inc({ result }, count),
      onStuck: (action, silentMs) => {
        metrics.fetchStuck.inc({ queue, action });
        if (action === 'replace')
          this.#parts.onBeyondRepair?.(`queue ${queue} gave no answer to a fetch for ${silentMs / 1_000} s`);
      },
      onError: reportError,
      log,
    });
    return consumer;
  }

  /** Waiting is what happens before the first attempt; later ones wait because they were told to. */
  #observeWait(job: FetchedJob, queue: string): void {
    if (job.attemptsMade > 0) return;
    const policy = this.#parts.registry.queues.find((candidate) => candidate.name === queue);
    const waitedMs = job.startedAt - job.enqueuedAt - (job.opts.delay ?? 0);
    if (policy)
      this.#parts.metrics.jobWait.observe({ queue, criticality: policy.criticality }, Math.max(0, waitedMs) / 1000);
  }

  #describe(): Omit<WorkerBeat, 'rssBytes' | 'loopDelayMs'> {
    const { registry, metrics } = this.#parts;
    for (const { queue, slots, busy } of this.#consumers) {
      metrics.workerSlots.set({ queue, state: 'busy' }, busy);
      metrics.workerSlots.set({ queue, state: 'idle' }, slots - busy);
    }
    return {
      id: this.id,
      host: hostname(),
      pid: process.pid,
      version: bulwarkVersion,
      startedAt: this.#startedAt,
      ...(this.#connection?.current !== undefined && { connection: this.#connection.current }),
      state: this.#state,
      kinds: registry.kinds,
      queues: this.#consumers.map(({ queue, slots, busy, lastFetchMs }) => ({ name: queue, slots, busy, lastFetchMs })),
      running: this.#consumers
        .flatMap((consumer) =>
          consumer.runningJobs.map(({ id, kind, startedAt }) => ({ id, queue: consumer.queue, kind, startedAt })),
        )
        .sort((a, b) => a.startedAt - b.startedAt)
        .slice(0, runningShown),
    };
  }
}
