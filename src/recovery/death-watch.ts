import type { Logger } from 'pino';
import type { RedisClient } from '../redis/connection.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type Clock, pause } from '../time/clock.js';
import { connectedWorkers, standingConnections } from './connections.js';
import { decideVanished, type KnownWorker } from './decide-vanished.js';
import type { FleetStore } from './fleet-store.js';

export interface DeathWatchOptions {
  readonly client: RedisClient;
  readonly fleet: FleetStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'workersVanished'>;
  /** Told of workers whose process is gone. */
  readonly onDeath: (workers: readonly string[]) => Promise<void>;
}

/** How long a worker that lost its connections has to come back: its first attempt to reconnect comes after 20 to 40 ms. */
const reconnectMs = 150;
/** A fleet of up to so many is read with every look, a larger one once in `readMs`. */
const smallFleet = 100;
const readMs = 1_000;

/**
 * Notices within a moment that the process of a worker is gone: Redis drops the connections of a process that ends, however it ends.
 *
 * It only speaks of what it knows. A worker counts when its beat was written while the watch itself was connected, so that the
 * numbers are those of this Redis. One that lost its connections gets a moment to connect again, and one that said farewell is left
 * alone. When many vanish together, it is their way to Redis that broke, and their silence decides, as for a worker that falls silent
 * with its connections standing.
 */
export class DeathWatch {
  readonly #options: DeathWatchOptions;
  /** Connections that are gone and need no second look: their worker is dead, or has a new one that its next beat will name. */
  #settled = new Set<number>();
  #known: readonly KnownWorker[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #connectedAt: number;
  #massTold = false;

  constructor(options: DeathWatchOptions) {
    this.#options = options;
    this.#connectedAt = options.clock.elapsed();
    options.client.on('ready', () => {
      this.#connectedAt = options.clock.elapsed();
      this.#readAt = Number.NEGATIVE_INFINITY;
      this.#settled = new Set();
    });
  }

  /** One look at all workers. Throws what Redis answers when it does not let its connections be listed. */
  async look(signal: AbortSignal): Promise<void> {
    const { client, log, metrics, onDeath } = this.#options;
    const connectedAt = this.#connectedAt;
    if (this.#known.length <= smallFleet || this.#options.clock.elapsed() - this.#readAt >= readMs) await this.#read();
    const asked = this.#known.filter(({ connection }) => !this.#settled.has(connection));
    const standing = await standingConnections(
      client,
      asked.map(({ connection }) => connection),
    );
    const decision = decideVanished(asked, standing);
    if (decision.kind !== 'mass') this.#massTold = false;
    if (decision.kind === 'none') return;
    if (decision.kind === 'mass') {
      if (!this.#massTold) {
        log.error({ workers: decision.workers.length, of: asked.length }, 'workers.vanished_together');
        metrics.workersVanished.inc({ verdict: 'together' }, decision.workers.length);
      }
      this.#massTold = true;
      return;
    }
    await pause(reconnectMs, signal);
    const back = await connectedWorkers(client);
    await this.#read();
    // Another Redis, or this one after a restart, knows nothing of the connections that were asked for.
    if (signal.aborted || connectedAt !== this.#connectedAt) return;
    const vanished = new Set(decision.workers.map(({ connection }) => connection));
    // More may have vanished meanwhile: then it is not the workers after all.
    const known = this.#known.filter(({ connection }) => !this.#settled.has(connection));
    const backAgain = new Set(known.filter(({ id }) => back.has(id)).map(({ connection }) => connection));
    const again = decideVanished(known, backAgain);
    if (again.kind === 'mass') return;
    const dead = again.kind === 'some' ? again.workers.filter(({ connection }) => vanished.has(connection)) : [];
    for (const connection of vanished) this.#settled.add(connection);
    metrics.workersVanished.inc({ verdict: 'back' }, decision.workers.filter(({ id }) => back.has(id)).length);
    if (dead.length === 0) return;
    metrics.workersVanished.inc({ verdict: 'dead' }, dead.length);
    const workers = dead.map(({ id }) => id);
    log.warn({ workers }, 'worker.died');
    await onDeath(workers);
  }

  async #read(): Promise<void> {
    const { fleet, clock } = this.#options;
    const askedAt = clock.elapsed();
    const sightings = await fleet.read();
    this.#readAt = askedAt;
    this.#known = sightings.flatMap(({ id, beat, ageMs }) => {
      const connection = beat?.connection;
      // Anybody may have written the beat, and one number that is none would spoil the question for all.
      if (!Number.isSafeInteger(connection) || Number(connection) < 1) return [];
      return askedAt - ageMs > this.#connectedAt ? [{ id, connection: Number(connection) }] : [];
    });
    const current = new Set(this.#known.map(({ connection }) => connection));
    for (const connection of this.#settled) if (!current.has(connection)) this.#settled.delete(connection);
  }
}
