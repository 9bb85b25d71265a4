import type { Logger } from 'pino';
import type { RedisClient } from '../redis/connection.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type Clock, pause } from '../time/clock.js';
import { connectedWorkers } from './connections.js';
import { decideVanished, type KnownWorker } from './decide-vanished.js';
import { type ConnectionLook, FleetConnections, type FleetPace } from './fleet-connections.js';
import type { FleetStore } from './fleet-store.js';
import type { FleetView } from './fleet-view.js';

export interface DeathWatchOptions {
  readonly client: RedisClient;
  readonly fleet: FleetStore;
  readonly view: FleetView;
  readonly clock: Clock;
  readonly pace: FleetPace;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'workersVanished'>;
  /** Told of workers whose process is gone. */
  readonly onDeath: (workers: readonly string[]) => Promise<void>;
}

/** How long a worker that lost its connections has to come back: its first attempt to reconnect comes after 20 to 40 ms. */
const reconnectMs = 150;

/**
 * Notices within a moment that the process of a worker is gone: Redis drops the connections of a process that ends, however it ends.
 *
 * It only speaks of what it knows. A worker counts when its beat was written while the watch itself was connected, so that the
 * numbers are those of this Redis. One that lost its connections gets a moment to connect again. One that said farewell is left alone,
 * and so is one that was silent before, or just back: its beat decides. When many vanish together, it is their way to Redis that broke,
 * and their silence decides, as for a worker that falls silent with its connections standing.
 */
export class DeathWatch {
  readonly #options: DeathWatchOptions;
  readonly #connections: FleetConnections;
  #massTold = false;

  constructor(options: DeathWatchOptions) {
    this.#options = options;
    this.#connections = new FleetConnections(options.client, options.view, options.clock, options.pace);
  }

  /** One look at all workers. Throws what Redis answers when it does not let its connections be listed. */
  async look(signal: AbortSignal): Promise<void> {
    const { clock, log, metrics } = this.#options;
    const look = await this.#connections.look();
    if (look === undefined) return;
    const workers = await this.#withoutFarewells(look.workers, look.standing);
    const decision = decideVanished(workers, look.standing);
    if (decision.kind !== 'mass') this.#massTold = false;
    if (decision.kind === 'none') return look.settle([]);
    if (decision.kind === 'mass') {
      if (!this.#massTold) {
        log.error({ workers: decision.workers.length, of: workers.length }, 'workers.vanished_together');
        metrics.workersVanished.inc({ verdict: 'together' }, decision.workers.length);
      }
      this.#massTold = true;
      return;
    }
    await pause(Math.max(0, look.missedAt + reconnectMs - clock.elapsed()), signal);
    if (!signal.aborted) await this.#lookAgain(look, workers, decision.workers);
  }

  /** Whoever has no connection by its name now is dead. */
  async #lookAgain(
    look: ConnectionLook,
    workers: readonly KnownWorker[],
    missing: readonly KnownWorker[],
  ): Promise<void> {
    const { client, log, metrics, onDeath } = this.#options;
    const names = await connectedWorkers(client);
    const back = new Set(workers.filter(({ id }) => names.has(id)).map(({ connection }) => connection));
    // More may have vanished meanwhile: then it is not the workers after all.
    const again = decideVanished(await this.#withoutFarewells(workers, back), back);
    // Another Redis, or this one after a restart, knows nothing of the connections that were asked for.
    if (again.kind === 'mass' || !look.isCurrent()) return;
    const numbers = new Set(missing.map(({ connection }) => connection));
    const dead = again.kind === 'some' ? again.workers.filter(({ connection }) => numbers.has(connection)) : [];
    look.settle(numbers);
    metrics.workersVanished.inc({ verdict: 'back' }, missing.filter(({ id }) => names.has(id)).length);
    if (dead.length === 0) return;
    metrics.workersVanished.inc({ verdict: 'dead' }, dead.length);
    const ids = dead.map(({ id }) => id);
    log.warn({ workers: ids }, 'worker.died');
    await onDeath(ids);
  }

  /** Without those that took themselves off the list before their connections went. */
  async #withoutFarewells(
    workers: readonly KnownWorker[],
    standing: ReadonlySet<number>,
  ): Promise<readonly KnownWorker[]> {
    const missing = workers.filter(({ connection }) => !standing.has(connection));
    if (missing.length === 0) return workers;
    const listed = await this.#options.fleet.listed(missing.map(({ id }) => id));
    return workers.filter(({ id, connection }) => standing.has(connection) || listed.has(id));
  }
}
