import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { DurationMs } from '../time/duration.js';
import { directiveTtlMs, encodeDirective, parseDirective, type ShedDirective } from './directive.js';
import { parseOrder, type ShedOrder } from './shed-order.js';

const directiveWriteScript = defineScript({
  file: new URL('./lua/directive-write.lua', import.meta.url),
  keys: ['directive', 'leader'],
  args: ['json', 'epoch', 'ttl'],
  reply: (raw): 'written' | 'deposed' => {
    if (raw === 0) return 'written';
    if (raw === -3) return 'deposed';
    throw new TypeError('expected 0 or -3');
  },
});

/** Counters that nobody adds to any more are forgotten. */
const refusedTtlMs = 3_600_000;

/** What is shed, as it lies in Redis: what the leader says, what an operator wants, and how much producers have refused. */
export class ShedStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** What is to be shed now; undefined when nothing is, or no leader has said anything for ten seconds. One command. */
  async directive(): Promise<ShedDirective | undefined> {
    return parseDirective(await this.#client.get(this.#keyspace.shedDirective));
  }

  /** Says what is to be shed, on behalf of the leader of its fence. */
  say(directive: ShedDirective): Promise<'written' | 'deposed'> {
    const { shedDirective, leader } = this.#keyspace;
    return directiveWriteScript.run(
      this.#client,
      { directive: shedDirective, leader },
      { json: encodeDirective(directive), epoch: directive.fence, ttl: directiveTtlMs },
    );
  }

  async order(): Promise<ShedOrder | undefined> {
    return parseOrder(await this.#client.get(this.#keyspace.shedOrder));
  }

  /** How long the order still holds; undefined when there is none. */
  async orderEndsInMs(): Promise<number | undefined> {
    const ms = await this.#client.pttl(this.#keyspace.shedOrder);
    return ms > 0 ? ms : undefined;
  }

  async giveOrder(order: ShedOrder, forMs: DurationMs): Promise<void> {
    await this.#client.set(this.#keyspace.shedOrder, JSON.stringify(order), 'PX', forMs);
  }

  /** Takes the order back; false when there was none. */
  async releaseOrder(): Promise<boolean> {
    return (await this.#client.del(this.#keyspace.shedOrder)) === 1;
  }

  /** Adds to what was refused, by queue. Best effort: it makes an estimate better, and is no account. */
  async addRefused(refused: ReadonlyMap<string, number>): Promise<void> {
    const key = this.#keyspace.shedRefused;
    const counts = [...refused].map(([queue, count]) => this.#client.hincrby(key, queue, count));
    await Promise.all([...counts, this.#client.pexpire(key, refusedTtlMs)]);
  }

  /** How many jobs were ever refused, by queue. */
  async refused(): Promise<Map<string, number>> {
    const counts = await this.#client.hgetall(this.#keyspace.shedRefused);
    return new Map(Object.entries(counts).map(([queue, count]) => [queue, Number(count) || 0]));
  }
}
