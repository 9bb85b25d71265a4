import type { Logger } from 'pino';
import type { RedisClient } from '../redis/connection.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type Clock, pause } from '../time/clock.js';
import { connectedWorkers, droppedConnections, standingConnections } from './connections.js';
import { decideLook, type LastLook, smallFleet } from './decide-look.js';
import { decideVanished, type KnownWorker } from './decide-vanished.js';
import type { FleetStore } from './fleet-store.js';
import type { FleetReading, FleetView } from './fleet-view.js';

export interface DeathWatchOptions {
  readonly client: RedisClient;
  readonly fleet: FleetStore;
  readonly view: FleetView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'workersVanished'>;
  /** Told of workers whose process is gone. */
  readonly onDeath: (workers: readonly string[]) => Promise<void>;
}

/** How long a worker that lost its connections has to come back: its first attempt to reconnect comes after 20 to 40 ms. */
const reconnectMs = 150;
/** A small fleet is read with every look. A large one as often as it is swept, which comes once a second and is shared. */
const readMs = 1_500;

/**
 * Notices within a moment that the process of a worker is gone: Redis drops the connections of a process that ends, however it ends.
 *
 * It only speaks of what it knows. A worker counts when its beat was written while the watch itself was connected, so that the
 * numbers are those of this Redis. One that lost its connections gets a moment to connect again, and one that said farewell is left
 * alone. When many vanish together, it is their way to Redis that broke, and their silence decides, as for a worker that falls silent
 * with its connections standing.
 *
 * In a large fleet it asks how many connections Redis has lost, and asks for those of all workers when it has lost some.
 */
export class DeathWatch {
  readonly #options: DeathWatchOptions;
  /** Connections that are gone and need no second look: their worker is dead, or has a new one that its next beat will name. */
  #settled = new Set<number>();
  #reading: FleetReading | undefined;
  #known: readonly KnownWorker[] = [];
  #connectedAt: number;
  #lastLook: LastLook | undefined;
  #massTold = false;

  constructor(options: DeathWatchOptions) {
    this.#options = options;
    this.#connectedAt = options.clock.elapsed();
    options.client.on('ready', () => {
      this.#connectedAt = options.clock.elapsed();
      this.#settled = new Set();
      this.#reading = undefined;
      this.#known = [];
      this.#lastLook = undefined;
    });
  }

  /** One look at all workers. Throws what Redis answers when it does not let its connections be listed. */
  async look(signal: AbortSignal): Promise<void> {
    const { client, view, clock } = this.#options;
    const isLarge = () => this.#known.length > smallFleet;
    this.#take(await view.read(isLarge() ? readMs : 0));
    const dropped = isLarge() ? await droppedConnections(client) : undefined;
    const occasion = { workers: this.#known.length, last: this.#lastLook, dropped, now: clock.elapsed() };
    if (decideLook(occasion).kind === 'wait') return;
    const { settled, askingMs } = await this.#lookAtAll(signal);
    this.#lastLook = { endedAt: clock.elapsed(), askingMs, dropped: settled ? dropped : undefined };
  }

  /** Answers whether it knows now what became of everybody, and for how long it asked Redis. */
  async #lookAtAll(signal: AbortSignal): Promise<{ readonly settled: boolean; readonly askingMs: number }> {
    const { client, clock, log, metrics } = this.#options;
    const [connectedAt, startedAt] = [this.#connectedAt, clock.elapsed()];
    const watched = this.#known.filter(({ connection }) => !this.#settled.has(connection));
    const numbers = watched.map(({ connection }) => connection);
    const standing = await standingConnections(client, numbers, clock);
    const asked = await this.#withoutFarewells(watched, standing.ids);
    const decision = decideVanished(asked, standing.ids);
    const askingMs = clock.elapsed() - startedAt;
    if (decision.kind !== 'mass') this.#massTold = false;
    if (decision.kind === 'none') return { settled: true, askingMs };
    if (decision.kind === 'mass') {
      if (!this.#massTold) {
        log.error({ workers: decision.workers.length, of: asked.length }, 'workers.vanished_together');
        metrics.workersVanished.inc({ verdict: 'together' }, decision.workers.length);
      }
      this.#massTold = true;
      return { settled: false, askingMs };
    }
    await pause(Math.max(0, standing.missedAt + reconnectMs - clock.elapsed()), signal);
    const askedAgainAt = clock.elapsed();
    const settled = await this.#lookAgain(
      asked,
      decision.workers,
      () => signal.aborted || connectedAt !== this.#connectedAt,
    );
    return { settled, askingMs: askingMs + clock.elapsed() - askedAgainAt };
  }

  /** Whoever has no connection by its name now is dead. Answers whether that could be said. */
  async #lookAgain(
    asked: readonly KnownWorker[],
    missing: readonly KnownWorker[],
    isOver: () => boolean,
  ): Promise<boolean> {
    const { client, log, metrics, onDeath } = this.#options;
    const names = await connectedWorkers(client);
    const back = new Set(asked.filter(({ id }) => names.has(id)).map(({ connection }) => connection));
    const known = await this.#withoutFarewells(asked, back);
    // Another Redis, or this one after a restart, knows nothing of the connections that were asked for.
    if (isOver()) return false;
    // More may have vanished meanwhile: then it is not the workers after all.
    const again = decideVanished(known, back);
    if (again.kind === 'mass') return false;
    const vanished = new Set(missing.map(({ connection }) => connection));
    const dead = again.kind === 'some' ? again.workers.filter(({ connection }) => vanished.has(connection)) : [];
    for (const connection of vanished) this.#settled.add(connection);
    metrics.workersVanished.inc({ verdict: 'back' }, missing.filter(({ id }) => names.has(id)).length);
    if (dead.length === 0) return true;
    metrics.workersVanished.inc({ verdict: 'dead' }, dead.length);
    const workers = dead.map(({ id }) => id);
    log.warn({ workers }, 'worker.died');
    await onDeath(workers);
    return true;
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

  #take(reading: FleetReading): void {
    if (reading === this.#reading) return;
    this.#reading = reading;
    this.#known = reading.workers.flatMap(({ id, connection, aliveAt }) =>
      connection !== undefined && aliveAt > this.#connectedAt ? [{ id, connection }] : [],
    );
    const current = new Set(this.#known.map(({ connection }) => connection));
    for (const connection of this.#settled) if (!current.has(connection)) this.#settled.delete(connection);
  }
}
