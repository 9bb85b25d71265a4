import { assertNever } from '../errors/assert-never.js';
import { DrainTimeoutError, JobCancelledError } from '../job/abort-reasons.js';
import { connectionName } from '../recovery/connections.js';
import { CrashStore } from '../recovery/crash-store.js';
import type { WorkerOrder } from '../recovery/order.js';
import type { WorkerBeat, WorkerState } from '../recovery/worker-beat.js';
import { createWorkerId } from '../recovery/worker-id.js';
import { ClientId } from '../redis/client-id.js';
import { closeRedis } from '../redis/connection.js';
import { type OpenRedis, openRedis } from '../redis/open-redis.js';
import { redisChecks } from '../redis/redis-checks.js';
import type { HealthCheck } from '../telemetry/health.js';
import { type Clock, systemClock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import type { EpochMs } from '../time/duration.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { assertTakingJobs } from './assert-taking-jobs.js';
import { describeWorker } from './describe-worker.js';
import { HungHandlers } from './hung-handlers.js';
import { Intake } from './intake.js';
import { Lane, type Suspect } from './lane.js';
import { Presence } from './presence.js';
import { queueNeeds } from './queue-needs.js';
import type { Retirement } from './retirement.js';
import type { WorkerParts } from './worker-parts.js';

/** How a worker's shutdown went. */
export interface DrainReport {
  /** Jobs that were given back because they did not end in time. None of them used up an attempt. */
  readonly released: number;
  readonly durationMs: number;
}

/** How long giving back, or closing, may take when Redis does not answer. */
const farewellMs = 2_000;

/**
 * A worker: takes jobs of the kinds it knows and runs them, any number of workers side by side, none knowing of the others.
 *
 * Life: made → `start` → (`quiet`: takes no more) → `stop`: drains up to the deadline, then interrupts and gives back.
 */
export class Worker {
  readonly id: string;
  readonly #parts: WorkerParts;
  readonly #clock: Clock;
  readonly #startedAt: EpochMs;
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  #state: WorkerState = 'running';
  #starting: Promise<void> | undefined;
  #open: OpenRedis | undefined;
  #connection: ClientId | undefined;
  #intake: Intake | undefined;
  #presence: Presence | undefined;
  #lane: Lane | undefined;
  readonly #hung: HungHandlers;
  #stopping: Promise<DrainReport> | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.id = parts.id ?? createWorkerId();
    this.#clock = parts.clock ?? systemClock;
    this.#startedAt = this.#clock.now();
    this.#needs = queueNeeds(parts.registry);
    this.#hung = new HungHandlers({
      clock: this.#clock,
      log: parts.log,
      onHopeless: (reason) => this.#retire({ kind: 'replace', reason }),
    });
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** How many jobs run now. */
  get busy(): number {
    return this.#intake?.busy ?? 0;
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
    const { redis, log, metrics, registry, suspect, runAlone } = this.#parts;
    const open = await openRedis({ redis, name: connectionName(this.id), manner: 'patient', log, metrics });
    this.#open = open;
    const { client, keyspace } = open;
    // Asked before anything else, so that the first beat names it.
    this.#connection = new ClientId(client, open.reportError);
    const directory = new QueueDirectory(client, keyspace);
    const register = () => directory.register(registry.queues);
    try {
      await register();
    } catch (error) {
      await closeRedis(client);
      throw error;
    }
    if (this.#stopping !== undefined) return closeRedis(client);
    const served = registry.queues.filter(({ name }) => suspect === undefined || name === suspect.queue);
    const queues = served.map(({ name }) => name);
    const common = { parts: this.#parts, worker: this.id, open };
    const intake = new Intake({
      ...common,
      queues: served,
      clock: this.#clock,
      onHung: (handler) => this.#hung.add(handler),
      onBeyondRepair: (reason) => this.#retire({ kind: 'replace', reason }),
    });
    this.#intake = intake;
    if (runAlone) this.#lane = new Lane({ worker: this.id, runAlone, crashes: new CrashStore(client, keyspace), log });
    this.#presence = new Presence({
      ...common,
      queues: intake.consumers.map(({ queue, begun }) => ({ name: queue, begun })),
      describe: () => this.#describe(),
      register,
      onBeat: (beat) => intake.observe(beat),
      onOrder: (order) => this.#follow(order),
    });
    // Heard of before its first job: should that take the process down, it is known at once whose process it was.
    this.#presence.start();
    intake.follow();
    await within(farewellMs, this.#presence.heard);
    // With the first job the state of its dependencies is known.
    await intake.whenHeard(farewellMs);
    if (this.#stopping !== undefined) return;
    if (suspect === undefined) await intake.take(farewellMs);
    else await this.#runAlone(suspect, intake);
    log.info({ worker: this.id, queues, kinds: registry.kinds }, 'worker.started');
  }

  /** Runs the one job that it is there for, and asks to end after it. */
  async #runAlone({ queue, jobId }: Suspect, intake: Intake): Promise<void> {
    this.quiet();
    const isThere = await intake.runAlone(queue, jobId);
    const reason = isThere ? 'the job it was there for has ended' : 'the job it was there for is not there';
    void intake.whenIdle().then(() => this.#retire({ kind: 'drain', reason }));
  }

  #follow(order: WorkerOrder): void {
    this.#parts.log.info({ worker: this.id, ...order }, 'worker.ordered');
    switch (order.kind) {
      case 'quiet':
        this.quiet();
        return;
      case 'drain':
      case 'restart':
        this.#retire({ kind: order.kind === 'drain' ? 'drain' : 'replace', reason: 'an operator asked for it' });
        return;
      case 'cancel':
        this.#intake?.cancel(order.jobId, cancelled(order.jobId, order.why), order.queue);
        return;
      case 'isolate':
        this.#lane?.isolate(order);
        return;
      default:
        assertNever(order);
    }
  }

  #retire(retirement: Retirement): void {
    const { log, onRetire } = this.#parts;
    log.warn({ worker: this.id, ...retirement }, 'worker.retires');
    if (onRetire) onRetire(retirement);
    else if (retirement.kind === 'drain') void this.stop();
  }

  /** Calls off a job that runs in this worker: its signal is aborted, and it is dead-lettered as cancelled. False when it does not run here. */
  cancel(jobId: string, why = 'cancelled'): boolean {
    return this.#intake?.cancel(jobId, cancelled(jobId, why)) ?? false;
  }

  /** Takes no more jobs; running ones go on. */
  quiet(): void {
    if (this.#state === 'running') this.#state = 'quiet';
    this.#intake?.quiet();
  }

  /**
   * Takes no more jobs, and asks to end once the last has ended, however long that takes: unlike `stop` it interrupts nothing.
   *
   * @param reason - why it is not needed any more, for the log.
   */
  async retire(reason: string): Promise<void> {
    // It may be about to take its first jobs.
    await this.#starting?.catch(() => undefined);
    this.quiet();
    await Promise.all([this.#lane?.whenFree(), this.#intake?.whenIdle()]);
    if (this.#stopping === undefined) this.#retire({ kind: 'drain', reason });
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
    const startedAt = this.#clock.elapsed();
    const { log, worker } = this.#parts;
    this.#state = 'draining';
    this.#intake?.quiet();
    // A start that is under way sees that the worker is stopping, and undoes itself.
    await within(farewellMs, this.#starting?.catch(() => undefined) ?? Promise.resolve());
    log.info({ worker: this.id, running: this.busy, drainTimeoutMs }, 'worker.draining');
    this.#intake?.quiet();
    const intake = this.#intake;
    const laneEnds = this.#lane?.stop() ?? Promise.resolve();
    const idle = Promise.all([laneEnds, intake?.whenIdle()]);
    if ((await within(drainTimeoutMs, idle)) === 'late') {
      intake?.interrupt(new DrainTimeoutError(drainTimeoutMs));
      await within(worker.abortGraceMs + 500, idle);
    }
    await within(farewellMs, intake?.release() ?? Promise.resolve());
    await within(farewellMs, laneEnds);
    this.#hung.stop();
    await within(farewellMs, intake?.reportCalls() ?? Promise.resolve());
    // Together: without Redis each of them takes its time.
    await within(farewellMs, Promise.all([this.#presence?.stop(), intake?.unfollow()]));
    await intake?.stop();
    if (this.#open) await closeRedis(this.#open.client);
    const report: DrainReport = {
      released: intake?.released ?? 0,
      durationMs: Math.round(this.#clock.elapsed() - startedAt),
    };
    log.info({ worker: this.id, ...report }, 'worker.stopped');
    return report;
  }

  /** What `/readyz` asks. */
  get healthChecks(): Readonly<Record<string, HealthCheck>> {
    return {
      ...redisChecks(this.#parts.redis, () => this.#open?.client),
      taking_jobs: async () => assertTakingJobs(this.#state),
    };
  }

  #describe(): Omit<WorkerBeat, 'rssBytes' | 'loopDelayMs'> {
    return describeWorker({
      id: this.id,
      startedAt: this.#startedAt,
      connection: this.#connection?.current,
      state: this.#state,
      kinds: this.#parts.registry.kinds,
      consumers: this.#intake?.consumers ?? [],
      slots: this.#parts.worker.concurrency,
      needs: this.#needs,
      lane: this.#lane?.state,
      suspect: this.#parts.suspect,
    });
  }
}

function cancelled(jobId: string, why: string): JobCancelledError {
  return new JobCancelledError(`job ${jobId}: ${why}`);
}
