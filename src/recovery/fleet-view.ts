import type { Clock } from '../time/clock.js';
import type { FleetEntry, FleetStore } from './fleet-store.js';
import { headBytes, parseHead, type WorkerHead } from './worker-beat.js';

/** A worker as the leader sees it. */
export interface SeenWorker extends WorkerHead {
  readonly id: string;
  /** When it gave its last sign of life, at the latest; by the leader's monotonic clock. */
  readonly aliveAt: number;
}

export interface FleetReading {
  /** When it was asked for, by the monotonic clock: what happened since may be missing. */
  readonly at: number;
  readonly workers: readonly SeenWorker[];
}

/** More than so many are left to the next reading. */
const mostNewcomers = 200;

interface KnownHead {
  readonly text: string;
  readonly head: WorkerHead;
}

/**
 * The fleet as the leader sees it: one reading for all who judge by it. Of a beat it takes the age and the first few bytes, and looks into
 * those that have changed: a thousand workers more cost it two milliseconds a second.
 */
export class FleetView {
  readonly #store: FleetStore;
  readonly #clock: Clock;
  #reading: Promise<FleetReading> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** What the beats began with at the last reading. */
  #heads = new Map<string, KnownHead>();

  constructor(store: FleetStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The fleet as it was less than so long ago: what somebody else has read, or is reading, or a reading of its own. */
  read(maxAgeMs: number): Promise<FleetReading> {
    const now = this.#clock.elapsed();
    if (this.#reading !== undefined && now - this.#askedAt < maxAgeMs) return this.#reading;
    this.#askedAt = now;
    const reading = this.#readAll(now);
    this.#reading = reading;
    reading.catch(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    return reading;
  }

  /** Workers that have come to the list since the last reading; when many have, some of them. */
  async newcomers(): Promise<SeenWorker[]> {
    const ids = (await this.#store.ids()).filter((id) => !this.#heads.has(id)).slice(0, mostNewcomers);
    const askedAt = this.#clock.elapsed();
    const entries = await this.#store.entriesOf(ids, headBytes);
    return entries.map(({ id, text, ageMs }) => ({ id, aliveAt: askedAt - ageMs, ...parseHead(text) }));
  }

  async #readAll(at: number): Promise<FleetReading> {
    const workers = new Map<string, SeenWorker>();
    const heads = new Map<string, KnownHead>();
    let cursor = '0';
    do {
      const askedAt = this.#clock.elapsed();
      const page = await this.#store.page(cursor, headBytes);
      for (const entry of page.entries) {
        const known = this.#know(entry);
        heads.set(entry.id, known);
        workers.set(entry.id, { id: entry.id, aliveAt: askedAt - entry.ageMs, ...known.head });
      }
      cursor = page.cursor;
    } while (cursor !== '0');
    this.#heads = heads;
    return { at, workers: [...workers.values()] };
  }

  #know({ id, text }: FleetEntry): KnownHead {
    const known = this.#heads.get(id);
    return known?.text === text ? known : { text, head: parseHead(text) };
  }
}
