import type { RedisClient } from '../redis/connection.js';
import type { Clock } from '../time/clock.js';
import { droppedConnections, standingConnections } from './connections.js';
import { debtAt, decideLook, type LastLook, smallFleet } from './decide-look.js';
import type { KnownWorker } from './decide-vanished.js';
import type { FleetReading, FleetView, SeenWorker } from './fleet-view.js';

/** What one look at the connections of the fleet showed. */
export interface ConnectionLook {
  readonly workers: readonly KnownWorker[];
  /** The connections that stand. */
  readonly standing: ReadonlySet<number>;
  /** When one was asked for that does not, the last such moment; by the monotonic clock. */
  readonly missedAt: number;
  /** Whether the numbers are still those of the Redis that is asked: after a reconnect it may be another. */
  isCurrent(): boolean;
  /** It is known what became of all that do not stand: these need not be asked for again, and the next look can wait for a reason. */
  settle(connections: Iterable<number>): void;
}

export interface FleetPace {
  /** How often the connections of a small fleet are asked for. */
  readonly watchMs: number;
  /**
   * Whoever has been silent for so long has lost its way to Redis, or stands still: that its connections end says nothing more then, nor
   * for as long after it is back, while it may give up connections that had gone silent.
   */
  readonly lateMs: number;
}

/** A small fleet is read with every look. A large one as often as it is swept, which comes once a second and is shared. */
const readMs = 1_500;

/** A look that comes this much of the time after the one before is not early: the pauses in between vary. */
const punctuality = 0.85;

/**
 * Asks Redis which connections of the fleet stand. Of a small fleet it asks every time. Of a large one it asks how many connections Redis
 * has lost, which costs the same for any fleet, and asks for all only when it has lost some.
 */
export class FleetConnections {
  readonly #client: RedisClient;
  readonly #view: FleetView;
  readonly #clock: Clock;
  readonly #pace: FleetPace;
  #connectedAt: number;
  #reading: FleetReading | undefined;
  #known = new Map<string, KnownWorker>();
  /** Connections that stood when they were asked for. */
  #standing = new Set<number>();
  /** Connections that are gone and whose worker is dead, or has a new one that its next beat will name. */
  #settled = new Set<number>();
  /** When workers were last seen to be late. */
  #lateAt = new Map<string, number>();
  #last: LastLook | undefined;

  constructor(client: RedisClient, view: FleetView, clock: Clock, pace: FleetPace) {
    this.#client = client;
    this.#view = view;
    this.#clock = clock;
    this.#pace = pace;
    this.#connectedAt = clock.elapsed();
    client.on('ready', () => {
      this.#connectedAt = clock.elapsed();
      this.#reading = undefined;
      this.#known = new Map();
      this.#standing = new Set();
      this.#settled = new Set();
      this.#lateAt = new Map();
      this.#last = undefined;
    });
  }

  /** Undefined when there was no reason to ask. */
  async look(): Promise<ConnectionLook | undefined> {
    const sinceMs = this.#clock.elapsed() - (this.#last?.allAt ?? Number.NEGATIVE_INFINITY);
    if (!this.#isLarge && sinceMs < this.#pace.watchMs * punctuality) return undefined;
    this.#take(await this.#view.read(this.#isLarge ? readMs : 0));
    const [connectedAt, last] = [this.#connectedAt, this.#last];
    const dropped = this.#isLarge ? await droppedConnections(this.#client) : undefined;
    const now = this.#clock.elapsed();
    const unseen = this.#watched.filter(({ connection }) => !this.#standing.has(connection));
    const decision = decideLook({ workers: this.#known.size, unseen: unseen.length, last, dropped, now });
    if (decision.kind === 'wait') return undefined;

    // Whoever died may have come after the last reading.
    const newcomers = this.#isLarge && decision.kind === 'all' ? this.#view.newcomers() : Promise.resolve([]);
    const asked = decision.kind === 'all' ? this.#watched : unseen;
    const [first, come] = await Promise.all([this.#ask(asked), newcomers]);
    const strangers = this.#add(come, now);
    const second = await this.#ask(strangers);
    const endedAt = this.#clock.elapsed();
    const look: LastLook = {
      endedAt,
      debt: debtAt(last, endedAt) + asked.length + strangers.length,
      allAt: decision.kind === 'all' ? now : (last?.allAt ?? now),
      dropped: undefined,
    };
    this.#last = look;
    return {
      workers: this.#watched,
      standing: this.#standing,
      missedAt: Math.max(first, second),
      isCurrent: () => connectedAt === this.#connectedAt,
      settle: (connections) => {
        for (const connection of connections) this.#settled.add(connection);
        if (this.#last === look) this.#last = { ...look, dropped };
      },
    };
  }

  /** Answers when one was asked for that does not stand. */
  async #ask(workers: readonly KnownWorker[]): Promise<number> {
    const asked = workers.map(({ connection }) => connection);
    const { ids, missedAt } = await standingConnections(this.#client, asked, this.#clock);
    for (const connection of asked) {
      if (ids.has(connection)) this.#standing.add(connection);
      else this.#standing.delete(connection);
    }
    return missedAt;
  }

  get #isLarge(): boolean {
    return this.#known.size > smallFleet;
  }

  get #watched(): KnownWorker[] {
    return [...this.#known.values()].filter(({ connection }) => !this.#settled.has(connection));
  }

  #take(reading: FleetReading): void {
    if (reading === this.#reading) return;
    this.#reading = reading;
    this.#known = new Map();
    for (const [id, lateAt] of this.#lateAt) if (lateAt <= reading.at - this.#pace.lateMs) this.#lateAt.delete(id);
    this.#add(reading.workers, reading.at);
    const current = new Set([...this.#known.values()].map(({ connection }) => connection));
    for (const numbers of [this.#settled, this.#standing]) {
      for (const connection of numbers) if (!current.has(connection)) numbers.delete(connection);
    }
  }

  /**
   * Takes in workers whose beat was written while this Redis was connected: before, it may have been another, with numbers of its own.
   * Not those that were late with it when they were read, or just before. Answers who they are.
   */
  #add(workers: readonly SeenWorker[], readAt: number): KnownWorker[] {
    const late = readAt - this.#pace.lateMs;
    const added: KnownWorker[] = [];
    for (const { id, connection, aliveAt } of workers) {
      if (aliveAt <= late) this.#lateAt.set(id, readAt);
      const isSteady = aliveAt > this.#connectedAt && !this.#lateAt.has(id);
      if (connection !== undefined && isSteady) added.push({ id, connection });
    }
    for (const worker of added) this.#known.set(worker.id, worker);
    return added;
  }
}
