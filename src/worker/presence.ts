import { FleetStore } from '../recovery/fleet-store.js';
import { Guard, type GuardedQueue } from '../recovery/guard.js';
import { Heartbeat } from '../recovery/heartbeat.js';
import type { WorkerOrder } from '../recovery/order.js';
import type { WorkerBeat } from '../recovery/worker-beat.js';
import type { OpenRedis } from '../redis/open-redis.js';
import type { Service } from '../service/service.js';
import type { WorkerParts } from './worker-parts.js';

export interface PresenceOptions {
  readonly parts: WorkerParts;
  /** The worker's id. */
  readonly worker: string;
  readonly open: OpenRedis;
  /** Those that it takes jobs from. */
  readonly queues: readonly GuardedQueue[];
  /** What to tell of it; the heartbeat adds the memory and the delay of the event loop. */
  readonly describe: () => Omit<WorkerBeat, 'rssBytes' | 'loopDelayMs'>;
  /** Puts back on record what Redis may have lost. */
  readonly register: () => Promise<void>;
  /** Told of every beat before it is sent. */
  readonly onBeat: (beat: WorkerBeat) => void;
  /** Told of everything that is wanted of this worker. */
  readonly onOrder: (order: WorkerOrder) => void;
}

/** How the pool knows that a worker lives: its heartbeat, and the guard that stands in while a handler blocks the event loop. */
export class Presence implements Service {
  readonly #describe: PresenceOptions['describe'];
  readonly #guard: Guard;
  readonly #heartbeat: Heartbeat;

  constructor(options: PresenceOptions) {
    const { parts, worker, open, queues, describe, register, onBeat, onOrder } = options;
    const { redis, worker: settings, log, metrics } = parts;
    this.#describe = describe;
    this.#guard = new Guard({
      worker,
      redis,
      keyspace: open.keyspace,
      queues,
      leaseMs: settings.leaseMs,
      leaseRenewMs: settings.leaseRenewMs,
      beatMs: settings.beatMs,
      blockedMaxMs: settings.blockedMaxMs,
      killsProcess: parts.ownsProcess === true,
      // A suspect is not to run among others.
      givesBack: parts.suspect === undefined,
      log,
    });
    this.#heartbeat = new Heartbeat({
      store: new FleetStore(open.client, open.keyspace),
      intervalMs: settings.beatMs,
      describe,
      register,
      onBeat: (beat) => {
        this.#guard.told(beat);
        onBeat(beat);
      },
      onOrder,
      log,
      onRun: (result, durationMs) => {
        metrics.serviceRuns.inc({ service: 'heartbeat', result });
        metrics.serviceRunDuration.observe({ service: 'heartbeat' }, durationMs / 1000);
      },
    });
  }

  /** Resolves when the pool has heard of the worker. */
  get heard(): Promise<void> {
    return this.#heartbeat.heard;
  }

  start(): void {
    // What the guard stands in with, should the first job block the loop at once.
    this.#guard.told({ ...this.#describe(), rssBytes: process.memoryUsage.rss(), loopDelayMs: 0 });
    this.#guard.start();
    this.#heartbeat.start();
  }

  /** Says farewell: within two seconds, with Redis or without. */
  async stop(): Promise<void> {
    // First the guard, or it would beat for a worker that has said farewell.
    await this.#guard.stop();
    await this.#heartbeat.stop();
  }
}
