import { errorMessage } from '../errors/error-message.js';
import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import { parseOrder, type WorkerOrder } from './order.js';
import { beatTtlMs, headFirst, type WorkerBeat, type WorkerSighting } from './worker-beat.js';

/** An order that a worker has not taken after so long is out of date. */
const orderTtlMs = 60_000;
/** Whoever takes none for so long is not to be buried under them. */
const mostOrders = 1_000;

/** So many are taken with one beat. */
const ordersPerBeat = 100;

const farewellScript = defineScript({
  file: new URL('./lua/farewell.lua', import.meta.url),
  keys: ['worker', 'workers', 'orders'],
  args: ['id'],
  reply: () => undefined,
});

/** How an order was received: it lies there, the worker is not on the list, it has not taken those before, or its giver leads no more. */
export type OrderReply = 'given' | 'worker_unknown' | 'too_many' | 'deposed';

const orderGiveScript = defineScript({
  file: new URL('./lua/order-give.lua', import.meta.url),
  keys: ['worker', 'orders', 'leader'],
  args: ['order', 'ttl', 'most', 'epoch'],
  reply: (raw): OrderReply => {
    switch (raw) {
      case 0:
        return 'given';
      case -1:
        return 'worker_unknown';
      case -2:
        return 'too_many';
      case -3:
        return 'deposed';
      default:
        throw new TypeError(`unknown code ${String(raw)}`);
    }
  },
});

/** One worker on a page of the list. */
export interface FleetEntry {
  readonly id: string;
  /** So much of its last beat as was asked for; empty when that expired just now. */
  readonly text: string;
  readonly ageMs: number;
}

export interface FleetPage {
  /** Where the next page begins; `'0'` after the last one. */
  readonly cursor: string;
  readonly entries: readonly FleetEntry[];
}

const fleetReadScript = defineScript({
  file: new URL('./lua/fleet-read.lua', import.meta.url),
  keys: ['workers'],
  args: ['prefix', 'ttl', 'cursor', 'count', 'last'],
  reply: (raw): FleetPage => {
    const [cursor, ...words] = raw as [string, ...(string | number)[]];
    const entries: FleetEntry[] = [];
    for (let at = 0; at < words.length; at += 3) {
      entries.push({ id: String(words[at]), text: String(words[at + 1]), ageMs: Number(words[at + 2]) });
    }
    return { cursor, entries };
  },
});

/** Redis serves nobody else while it reads a page: with so many workers, for one or two milliseconds. */
const pageSize = 500;
/** Ids alone are read faster. */
const idsPerPage = 2_000;

/** What cannot be read, written by somebody else, counts as no beat: the other workers are to be seen all the same. */
function parseBeat(json: string): WorkerBeat | undefined {
  try {
    const beat = JSON.parse(json || 'null') as Partial<WorkerBeat> | null;
    return typeof beat?.id === 'string' ? (beat as WorkerBeat) : undefined;
  } catch {
    return undefined;
  }
}

/** What somebody else put in the place of orders, and is no list, holds none. */
function noneInWrongType(error: unknown): null {
  if (/^WRONGTYPE\b/.test(errorMessage(error))) return null;
  throw error;
}

/** The list of workers in Redis. */
export class FleetStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  /** The text of the last beat that it wrote. */
  #written: string | undefined;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /**
   * Writes a beat and takes what is wanted of the worker. `register` also puts the worker on the list: at start, and now and then in
   * case Redis lost it.
   *
   * The age of a beat is what is missing of its time to live, so it is measured on Redis' clock and a worker's clock does not matter. No
   * script, because a whole fleet beats all the time and one command costs Redis a third of what a script does. Whoever gives an order
   * marks the beat: it is not the text that was written, and only then is the list of orders looked at.
   */
  async beat(beat: WorkerBeat, register: boolean): Promise<WorkerOrder[]> {
    const { worker, workers, orders } = this.#keys(beat.id);
    const text = JSON.stringify(headFirst(beat));
    const [before] = await Promise.all([
      this.#write(worker, text),
      register ? this.#client.sadd(workers, beat.id) : undefined,
    ]);
    const isMarked = before !== this.#written;
    this.#written = text;
    if (!isMarked) return [];
    const taken = await this.#client.lpop(orders, ordersPerBeat).catch(noneInWrongType);
    if (taken?.length === ordersPerBeat) this.#written = undefined;
    return (taken ?? []).flatMap((json) => parseOrder(json) ?? []);
  }

  /** Answers the beat before. */
  async #write(worker: string, text: string): Promise<string | null | undefined> {
    try {
      return await this.#client.set(worker, text, 'PX', beatTtlMs, 'GET');
    } catch (error) {
      if (!/^OOM\b/.test(errorMessage(error))) throw error;
      // A full Redis is no reason to take its workers for dead, and this needs no memory.
      await this.#client.pexpire(worker, beatTtlMs);
      return undefined;
    }
  }

  async farewell(id: string): Promise<void> {
    await farewellScript.run(this.#client, this.#keys(id), { id });
  }

  /**
   * Tells a worker what is wanted of it. It may be lost with the worker's next answer: whoever needs it done looks, and says it again. A
   * leader gives its epoch.
   */
  order(worker: string, order: WorkerOrder, epoch?: number): Promise<OrderReply> {
    const args = { order: JSON.stringify(order), ttl: orderTtlMs, most: mostOrders, epoch: epoch ?? '' };
    return orderGiveScript.run(this.#client, { ...this.#keys(worker), leader: this.#keyspace.leader }, args);
  }

  /** What a worker was told and has not heard of yet; an order that it took with its last beat is not among them. */
  async ordersFor(id: string): Promise<WorkerOrder[]> {
    const orders = await this.#client.lrange(this.#keyspace.orders(id), 0, -1).catch(noneInWrongType);
    return (orders ?? []).flatMap((json) => parseOrder(json) ?? []);
  }

  /** The last beat of one worker; undefined when it is not on the list. */
  async beatOf(id: string): Promise<WorkerBeat | undefined> {
    return parseBeat((await this.#client.get(this.#keyspace.worker(id))) ?? '');
  }

  /**
   * Every worker with its whole beat: for people. The leader, who reads all the time, uses `FleetView`.
   *
   * @param most - reads no further page after so many.
   */
  async read(most = Number.POSITIVE_INFINITY): Promise<WorkerSighting[]> {
    const sightings = new Map<string, WorkerSighting>();
    let cursor = '0';
    do {
      const page = await this.page(cursor, 'all');
      for (const { id, text, ageMs } of page.entries) sightings.set(id, { id, beat: parseBeat(text), ageMs });
      cursor = page.cursor;
    } while (cursor !== '0' && sightings.size < most);
    return [...sightings.values()];
  }

  /** How many are on the list. */
  size(): Promise<number> {
    return this.#client.scard(this.#keyspace.workers);
  }

  /** A page of the list from a cursor on, `'0'` at first, with so many bytes of each beat. */
  page(cursor: string, bytes: number | 'all'): Promise<FleetPage> {
    return fleetReadScript.run(
      this.#client,
      { workers: this.#keyspace.workers },
      {
        prefix: this.#keyspace.worker(''),
        ttl: beatTtlMs,
        cursor,
        count: pageSize,
        last: bytes === 'all' ? -1 : bytes - 1,
      },
    );
  }

  /** The last beats of these workers, of those that have one. */
  async beatsOf(ids: readonly string[]): Promise<WorkerBeat[]> {
    const entries = await this.entriesOf(ids, 'all');
    return entries.map(({ text }) => parseBeat(text)).filter((beat) => beat !== undefined);
  }

  /** So many bytes of the beats of these workers, of those that have one. */
  async entriesOf(ids: readonly string[], bytes: number | 'all'): Promise<FleetEntry[]> {
    const keys = ids.map((id) => this.#keyspace.worker(id));
    const [texts, ages] = await Promise.all([
      Promise.all(keys.map((key) => this.#client.getrange(key, 0, bytes === 'all' ? -1 : bytes - 1))),
      Promise.all(keys.map((key) => this.#client.pttl(key))),
    ]);
    return ids
      .map((id, index) => ({ id, text: texts[index] ?? '', ageMs: beatTtlMs - (ages[index] ?? 0) }))
      .filter(({ text }) => text !== '');
  }

  /** Who is on the list. */
  async ids(): Promise<string[]> {
    const found = new Set<string>();
    let cursor = '0';
    do {
      const [next, ids] = await this.#client.sscan(this.#keyspace.workers, cursor, 'COUNT', idsPerPage);
      for (const id of ids) found.add(id);
      cursor = next;
    } while (cursor !== '0');
    return [...found];
  }

  /** Which of these workers are on the list: the others said farewell. */
  async listed(ids: readonly string[]): Promise<Set<string>> {
    const listed = new Set<string>();
    for (let from = 0; from < ids.length; from += pageSize) {
      const asked = ids.slice(from, from + pageSize);
      const answers = await this.#client.smismember(this.#keyspace.workers, ...asked);
      for (const [index, id] of asked.entries()) if (answers[index] === 1) listed.add(id);
    }
    return listed;
  }

  #keys(id: string): Record<'worker' | 'workers' | 'orders', string> {
    return { worker: this.#keyspace.worker(id), workers: this.#keyspace.workers, orders: this.#keyspace.orders(id) };
  }
}
