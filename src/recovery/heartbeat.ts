import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { PeriodicService } from '../service/periodic-service.js';
import type { Service } from '../service/service.js';
import { within } from '../time/deadline.js';
import type { FleetStore } from './fleet-store.js';
import type { WorkerOrder } from './order.js';
import type { WorkerBeat } from './worker-beat.js';

export interface HeartbeatOptions {
  readonly store: FleetStore;
  readonly intervalMs: number;
  /** What to tell; the heartbeat adds the memory and the delay of the event loop. */
  readonly describe: () => Omit<WorkerBeat, 'rssBytes' | 'loopDelayMs'>;
  /** Called at start and now and then: puts back on record what Redis may have lost. */
  readonly register: () => Promise<void>;
  /** Told of every beat before it is sent. */
  readonly onBeat?: (beat: WorkerBeat) => void;
  /** Told of everything that is wanted of this worker. */
  readonly onOrder: (order: WorkerOrder) => void;
  readonly log: Logger;
  readonly onRun?: (result: 'ok' | 'error', durationMs: number) => void;
}

/**
 * The id is put on the list again every so many beats, in case Redis lost it: sooner than the fleet calls a worker dead that is
 * not listed.
 */
const beatsPerListing = 4;
/** What nobody's life depends on is put on record again less often. */
const beatsPerRegistration = 30;

/** Tells the fleet once an interval that this worker lives, and says farewell when it stops. */
export class Heartbeat implements Service {
  readonly #options: HeartbeatOptions;
  readonly #loopDelay: IntervalHistogram = monitorEventLoopDelay({ resolution: 50 });
  readonly #service: PeriodicService;
  /** Resolves when the fleet has heard of the worker. */
  readonly heard: Promise<void>;
  #beats = 0;
  #tellHeard: () => void = () => undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.heard = new Promise((resolve) => {
      this.#tellHeard = resolve;
    });
    this.#service = new PeriodicService({
      name: 'heartbeat',
      intervalMs: options.intervalMs,
      run: () => this.#beat(),
      log: options.log,
      ...(options.onRun && { onRun: options.onRun }),
    });
  }

  start(): void {
    this.#loopDelay.enable();
    this.#service.start();
  }

  /** Stops and takes the worker off the list; without Redis the list forgets it by itself. */
  async stop(): Promise<void> {
    await within(1_000, this.#service.stop());
    this.#loopDelay.disable();
    await within(500, this.#options.store.farewell(this.#options.describe().id));
  }

  async #beat(): Promise<void> {
    const beat: WorkerBeat = {
      ...this.#options.describe(),
      rssBytes: process.memoryUsage.rss(),
      loopDelayMs: Math.round(this.#loopDelay.max / 1e6),
    };
    this.#loopDelay.reset();
    this.#options.onBeat?.(beat);
    const number = this.#beats++;
    const orders = await this.#options.store.beat(beat, number % beatsPerListing === 0);
    this.#tellHeard();
    for (const order of orders) this.#options.onOrder(order);
    if (number % beatsPerRegistration === 0) await this.#options.register();
  }
}
