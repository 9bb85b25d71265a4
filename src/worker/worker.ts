import { assertNever } from '../errors/assert-never.js';
import { DrainTimeoutError, JobCancelledError } from '../job/abort-reasons.js';
import { connectionName } from '../recovery/connections.js';
import { CrashStore } from '../recovery/crash-store.js';
import { FleetStore } from '../recovery/fleet-store.js';
import { Guard } from '../recovery/guard.js';
import { Heartbeat } from '../recovery/heartbeat.js';
import type { WorkerOrder } from '../recovery/order.js';
import type { WorkerBeat, WorkerState } from '../recovery/worker-beat.js';
import { createWorkerId } from '../recovery/worker-id.js';
import { ClientId } from '../redis/client-id.js';
import { closeRedis } from '../redis/connection.js';
import { type OpenRedis, openRedis } from '../redis/open-redis.js';
import { redisChecks } from '../redis/redis-checks.js';
import { ShedStore } from '../shedding/shed-store.js';
import { type HealthCheck, NotReadyError } from '../telemetry/health.js';
import { type Clock, systemClock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import type { EpochMs } from '../time/duration.js';
import type { QueueConsumer } from '../transport/queue-consumer.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { AdaptiveConcurrency } from './adaptive-concurrency.js';
import { createConsumer } from './create-consumer.js';
import { describeWorker } from './describe-worker.js';
import { HungHandlers } from './hung-handlers.js';
import { Lane } from './lane.js';
import { queueNeeds } from './queue-needs.js';
import type { Retirement } from './retirement.js';
import { ShedGate } from './shed-gate.js';
import { WorkerBreakers } from './worker-breakers.js';
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
  #consumers: QueueConsumer[] = [];
  #heartbeat: Heartbeat | undefined;
  #guard: Guard | undefined;
  #lane: Lane | undefined;
  #breakers: WorkerBreakers | undefined;
  #shedGate: ShedGate | undefined;
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
    const { redis, log, metrics, registry, suspect, runAlone } = this.#parts;
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
    const served = registry.queues.filter(({ name }) => suspect === undefined || name === suspect.queue);
    const queues = served.map(({ name }) => name);
    const breakers = new WorkerBreakers({
      parts: this.#parts,
      worker: this.id,
      open,
      clock: this.#clock,
      random: Math.random,
      consumers: () => this.#consumers,
    });
    this.#breakers = breakers;
    const concurrency = new AdaptiveConcurrency({
      // A suspect runs alone.
      settings: { ...this.#parts.worker, ...(suspect && { maxConcurrency: false }) },
      queues,
      busy: (queue) => this.#consumerOf(queue)?.busy ?? 0,
      limitTo: (queue, slots) => this.#consumerOf(queue)?.limitTo(slots, 'concurrency'),
      clock: this.#clock,
      log,
      metrics,
    });
    const shedGate = new ShedGate({
      store: new ShedStore(client, keyspace),
      limit: (queue, slots) => this.#consumerOf(queue)?.limitTo(slots, 'shedding'),
      queues,
      slotsOf: (queue) => concurrency.slotsOf(queue),
      clock: this.#clock,
      random: Math.random,
      log,
      metrics,
    });
    this.#shedGate = shedGate;
    this.#consumers = served.map((queue) =>
      createConsumer(queue, {
        parts: this.#parts,
        clock: this.#clock,
        worker: this.id,
        open,
        gates: breakers.gates,
        shedGate,
        adaptive: concurrency.of(queue.name),
        onHung: (handler) => this.#hung.add(handler),
        onBeyondRepair: (reason) => this.#retire({ kind: 'replace', reason }),
      }),
    );
    const guard = new Guard({
      worker: this.id,
      redis,
      keyspace,
      queues,
      leaseMs: this.#parts.worker.leaseMs,
      leaseRenewMs: this.#parts.worker.leaseRenewMs,
      beatMs: this.#parts.worker.beatMs,
      blockedMaxMs: this.#parts.worker.blockedMaxMs,
      killsProcess: this.#parts.ownsProcess === true,
      log,
    });
    this.#guard = guard;
    // What it stands in with, should the first job block the loop at once.
    guard.told({ ...this.#describe(), rssBytes: process.memoryUsage.rss(), loopDelayMs: 0 });
    guard.start();
    if (runAlone) this.#lane = new Lane({ worker: this.id, runAlone, crashes: new CrashStore(client, keyspace), log });
    this.#heartbeat = new Heartbeat({
      store: new FleetStore(client, keyspace),
      intervalMs: this.#parts.worker.beatMs,
      describe: () => this.#describe(),
      register: () => directory.register(registry.queues),
      onBeat: (beat) => {
        guard.told(beat);
        for (const { name, busy } of beat.queues) {
          metrics.workerSlots.set({ queue: name, state: 'busy' }, busy);
          metrics.workerSlots.set({ queue: name, state: 'idle' }, Math.max(0, concurrency.slotsOf(name) - busy));
        }
        concurrency.loopHeldUp(beat.loopDelayMs);
      },
      onOrder: (order) => this.#follow(order),
      log,
      onRun: (result, durationMs) => {
        metrics.serviceRuns.inc({ service: 'heartbeat', result });
        metrics.serviceRunDuration.observe({ service: 'heartbeat' }, durationMs / 1000);
      },
    });
    // Heard of before its first job: should that take the process down, it is known at once whose process it was.
    this.#heartbeat.start();
    breakers.start();
    await within(farewellMs, this.#heartbeat.heard);
    // With the first job the state of its dependencies is known.
    await breakers.whenHeard(farewellMs);
    if (this.#stopping !== undefined) return;
    await this.#begin();
    log.info({ worker: this.id, queues, kinds: registry.kinds }, 'worker.started');
  }

  /** Begins to take jobs, or runs the one that it is there for. */
  async #begin(): Promise<void> {
    const { suspect } = this.#parts;
    if (suspect === undefined) {
      // Heard of before the first job; where Redis gives no answer everything runs.
      await within(farewellMs, this.#shedGate?.hear() ?? Promise.resolve());
      for (const consumer of this.#consumers) consumer.start();
      this.#shedGate?.start();
      return;
    }
    this.quiet();
    const [consumer] = this.#consumers;
    const isThere = await consumer?.runAlone(suspect.jobId);
    const done = () =>
      this.#retire({
        kind: 'drain',
        reason: isThere ? 'the job it was there for has ended' : 'the job it was there for is not there',
      });
    // Without a consumer it knows no job of that queue, and is there for nothing.
    void Promise.resolve(consumer?.whenIdle()).then(done);
  }

  #consumerOf(name: string): QueueConsumer | undefined {
    return this.#consumers.find(({ queue }) => queue === name);
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
        this.#consumerOf(order.queue)?.cancel(order.jobId, cancelled(order.jobId, order.why));
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
    return this.#consumers.some((consumer) => consumer.cancel(jobId, cancelled(jobId, why)));
  }

  /** Takes no more jobs; running ones go on. */
  quiet(): void {
    if (this.#state === 'running') this.#state = 'quiet';
    for (const consumer of this.#consumers) consumer.quiet();
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
    await Promise.all([this.#lane?.whenFree(), ...this.#consumers.map((consumer) => consumer.whenIdle())]);
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
    for (const consumer of this.#consumers) consumer.quiet();
    // A start that is under way sees that the worker is stopping, and undoes itself.
    await within(farewellMs, this.#starting?.catch(() => undefined) ?? Promise.resolve());
    log.info({ worker: this.id, running: this.busy, drainTimeoutMs }, 'worker.draining');
    for (const consumer of this.#consumers) consumer.quiet();
    const laneEnds = this.#lane?.stop();
    const idle = Promise.all([laneEnds, ...this.#consumers.map((consumer) => consumer.whenIdle())]);
    if ((await within(drainTimeoutMs, idle)) === 'late') {
      for (const consumer of this.#consumers) consumer.interrupt(new DrainTimeoutError(drainTimeoutMs));
      await within(worker.abortGraceMs + 500, idle);
    }
    await within(farewellMs, Promise.all(this.#consumers.map((consumer) => consumer.release())));
    await within(farewellMs, laneEnds ?? Promise.resolve());
    this.#hung.stop();
    await within(farewellMs, this.#breakers?.stop() ?? Promise.resolve());
    // First the guard, or it would beat for a worker that has said farewell.
    await this.#guard?.stop();
    await within(farewellMs, Promise.all([this.#heartbeat?.stop(), this.#shedGate?.stop()]));
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    if (this.#open) await closeRedis(this.#open.client);
    const report: DrainReport = {
      released: this.#consumers.reduce((sum, consumer) => sum + consumer.released, 0),
      durationMs: Math.round(this.#clock.elapsed() - startedAt),
    };
    log.info({ worker: this.id, ...report }, 'worker.stopped');
    return report;
  }

  /** What `/readyz` asks. */
  get healthChecks(): Readonly<Record<string, HealthCheck>> {
    return {
      ...redisChecks(this.#parts.redis, () => this.#open?.client),
      taking_jobs: async () => {
        if (this.#state !== 'running') throw new NotReadyError(this.#state, whyIdle[this.#state]);
        return undefined;
      },
    };
  }

  #describe(): Omit<WorkerBeat, 'rssBytes' | 'loopDelayMs'> {
    return describeWorker({
      id: this.id,
      startedAt: this.#startedAt,
      connection: this.#connection?.current,
      state: this.#state,
      kinds: this.#parts.registry.kinds,
      consumers: this.#consumers,
      slots: this.#parts.worker.concurrency,
      needs: this.#needs,
      lane: this.#lane?.state,
      suspect: this.#parts.suspect,
    });
  }
}

/** Why a worker takes no jobs, and who is to do what. */
const whyIdle: Readonly<Record<Exclude<WorkerState, 'running'>, string>> = {
  quiet:
    'somebody told it to take no more jobs (`bulwark audit tail --what worker`); `bulwark worker restart` replaces it',
  draining: 'it finishes what it runs, and ends: nothing has to be done',
  blocked: 'a handler holds up its event loop; `bulwark worker ls` says which',
};

function cancelled(jobId: string, why: string): JobCancelledError {
  return new JobCancelledError(`job ${jobId}: ${why}`);
}
