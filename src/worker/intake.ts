import type { QueueDefinition } from '../job/define-queue.js';
import type { WorkerBeat } from '../recovery/worker-beat.js';
import type { OpenRedis } from '../redis/open-redis.js';
import { ShedStore } from '../shedding/shed-store.js';
import type { Clock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import type { QueueConsumer } from '../transport/queue-consumer.js';
import { AdaptiveConcurrency } from './adaptive-concurrency.js';
import { createConsumer } from './create-consumer.js';
import type { HungHandler } from './hung-handlers.js';
import { ShedGate } from './shed-gate.js';
import { WorkerBreakers } from './worker-breakers.js';
import type { WorkerParts } from './worker-parts.js';

export interface IntakeOptions {
  readonly parts: WorkerParts;
  /** The worker's id. */
  readonly worker: string;
  readonly open: OpenRedis;
  /** Those that it takes jobs from. */
  readonly queues: readonly QueueDefinition[];
  readonly clock: Clock;
  readonly onHung: (handler: HungHandler) => void;
  /** Told when it gets no work and a new connection did not help: it takes a new process. */
  readonly onBeyondRepair: (reason: string) => void;
}

/**
 * The part of a worker that takes jobs: a consumer for each queue, and what says how many jobs of each may run: breakers, shedding, and
 * the concurrency that it finds.
 *
 * Life: made → `follow` → `take`, or `runAlone` → (`quiet`) → `release` → `reportCalls` → `unfollow` → `stop`.
 */
export class Intake {
  readonly consumers: readonly QueueConsumer[];
  readonly #options: IntakeOptions;
  readonly #breakers: WorkerBreakers;
  readonly #concurrency: AdaptiveConcurrency;
  readonly #shedGate: ShedGate;

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { parts, worker, open, clock, onHung, onBeyondRepair } = options;
    const { suspect, log, metrics } = parts;
    const queues = options.queues.map(({ name }) => name);
    this.#breakers = new WorkerBreakers({
      parts,
      worker,
      open,
      clock,
      random: Math.random,
      consumers: () => this.consumers,
    });
    this.#concurrency = new AdaptiveConcurrency({
      // A suspect runs alone.
      settings: { ...parts.worker, ...(suspect && { maxConcurrency: false }) },
      queues,
      busy: (queue) => this.#of(queue)?.busy ?? 0,
      limitTo: (queue, slots) => this.#of(queue)?.limitTo(slots, 'concurrency'),
      clock,
      log,
      metrics,
    });
    this.#shedGate = new ShedGate({
      store: new ShedStore(open.client, open.keyspace),
      limit: (queue, slots) => this.#of(queue)?.limitTo(slots, 'shedding'),
      queues,
      slotsOf: (queue) => this.#concurrency.slotsOf(queue),
      clock,
      random: Math.random,
      log,
      metrics,
    });
    this.consumers = options.queues.map((queue) =>
      createConsumer(queue, {
        parts,
        clock,
        worker,
        open,
        gates: this.#breakers.gates,
        shedGate: this.#shedGate,
        adaptive: this.#concurrency.of(queue.name),
        isAlone: queues.length === 1,
        onHung,
        onBeyondRepair,
      }),
    );
  }

  /** How many jobs run now. */
  get busy(): number {
    return this.consumers.reduce((sum, consumer) => sum + consumer.busy, 0);
  }

  /** How many jobs it has given back because they did not end in time. */
  get released(): number {
    return this.consumers.reduce((sum, consumer) => sum + consumer.released, 0);
  }

  /** Asks what the pool has decided about the dependencies of its kinds, and listens from now on. */
  follow(): void {
    this.#breakers.start();
  }

  /** Resolves when that is known, or after so long. */
  whenHeard(ms: number): Promise<void> {
    return this.#breakers.whenHeard(ms);
  }

  /** Begins to take jobs, once it has heard what is shed, or after so long: where Redis gives no answer everything runs. */
  async take(patienceMs: number): Promise<void> {
    await within(patienceMs, this.#shedGate.hear());
    for (const consumer of this.consumers) consumer.start();
    this.#shedGate.start();
  }

  /** Runs one job that was set aside to run alone, and takes no other. False when it does not wait for that any more. */
  async runAlone(queue: string, jobId: string): Promise<boolean> {
    return (await this.#of(queue)?.runAlone(jobId)) ?? false;
  }

  /** Shows how many slots are taken, and heeds how long the event loop was held up. */
  observe({ queues, loopDelayMs }: WorkerBeat): void {
    const { workerSlots } = this.#options.parts.metrics;
    for (const { name, busy } of queues) {
      workerSlots.set({ queue: name, state: 'busy' }, busy);
      workerSlots.set({ queue: name, state: 'idle' }, Math.max(0, this.#concurrency.slotsOf(name) - busy));
    }
    this.#concurrency.loopHeldUp(loopDelayMs);
  }

  /** Takes no more jobs; running ones go on. */
  quiet(): void {
    for (const consumer of this.consumers) consumer.quiet();
  }

  /** Resolves when no job runs any more. Call `quiet` before. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.whenIdle()));
  }

  /** Aborts a running job, of any queue when none is named; false when it does not run here. */
  cancel(jobId: string, reason: Error, queue?: string): boolean {
    const asked = queue === undefined ? this.consumers : this.consumers.filter((consumer) => consumer.queue === queue);
    return asked.some((consumer) => consumer.cancel(jobId, reason));
  }

  /** Aborts every running job. */
  interrupt(reason: Error): void {
    for (const consumer of this.consumers) consumer.interrupt(reason);
  }

  /** Gives back what still runs, without using up an attempt. */
  async release(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.release()));
  }

  /** Tells the pool the last of how its calls went, and no more. */
  reportCalls(): Promise<void> {
    return this.#breakers.stop();
  }

  /** Asks no more what is shed. */
  unfollow(): Promise<void> {
    return this.#shedGate.stop();
  }

  /** Ends everything at once: connections too. */
  async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }

  #of(queue: string): QueueConsumer | undefined {
    return this.consumers.find((consumer) => consumer.queue === queue);
  }
}
