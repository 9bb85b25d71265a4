import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import { parseScaleRecord, type ScaleRecord } from './scale-record.js';
import { parseScaleRule, type RuleInForce, type ScaleRule } from './scale-rule.js';

const publishScript = defineScript({
  file: new URL('./lua/publish-scale.lua', import.meta.url),
  keys: ['scale', 'leader'],
  args: ['epoch', 'ttl'],
  rest: true,
  reply: (raw): 'published' | 'deposed' => {
    if (raw === 0) return 'published';
    if (raw === -1) return 'deposed';
    throw new TypeError(`unknown code ${String(raw)}`);
  },
});

/**
 * Nobody should follow what nobody has said again for so long. Shorter than that: a change of leaders, which takes three seconds, would
 * look like the end of all supervisors.
 */
const holdsMs = 15_000;

/** What the leader says of each group, and what operators set. */
export class ScaleStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** Says what all groups want, as the leader of this epoch. */
  publish(records: readonly ScaleRecord[], epoch: number): Promise<'published' | 'deposed'> {
    const { scale, leader } = this.#keyspace;
    const words = records.flatMap((record) => [record.group, JSON.stringify(record)]);
    return publishScript.run(this.#client, { scale, leader }, { epoch, ttl: holdsMs }, words);
  }

  /** What holds now, by group; empty when nobody has said anything for a while. */
  async records(): Promise<Map<string, ScaleRecord>> {
    const stored = await this.#client.hgetall(this.#keyspace.scale);
    return new Map(Object.values(stored).flatMap((json) => entryOf(parseScaleRecord(json))));
  }

  /** Undefined when nobody has said anything of this group for a while. */
  async record(group: string): Promise<ScaleRecord | undefined> {
    return parseScaleRecord((await this.#client.hget(this.#keyspace.scale, group)) ?? '');
  }

  /** What operators set for these groups, where they did. */
  async rules(groups: readonly string[]): Promise<Map<string, RuleInForce>> {
    const keys = groups.map((group) => this.#keyspace.scaleRule(group));
    const [texts, times] = await Promise.all([
      Promise.all(keys.map((key) => this.#client.get(key))),
      Promise.all(keys.map((key) => this.#client.pttl(key))),
    ]);
    return new Map(
      groups.flatMap((group, index): [string, RuleInForce][] => {
        const rule = parseScaleRule(texts[index] ?? '');
        return rule === undefined ? [] : [[group, { ...rule, forMs: Math.max(0, times[index] ?? 0) }]];
      }),
    );
  }

  /** Sets a rule in the place of the one before. It ends by itself. */
  async setRule(group: string, rule: ScaleRule, forMs: number): Promise<void> {
    await this.#client.set(this.#keyspace.scaleRule(group), JSON.stringify(rule), 'PX', forMs);
  }

  /** @returns false when there was none. */
  async releaseRule(group: string): Promise<boolean> {
    return (await this.#client.del(this.#keyspace.scaleRule(group))) === 1;
  }
}

function entryOf(record: ScaleRecord | undefined): [string, ScaleRecord][] {
  return record === undefined ? [] : [[record.group, record]];
}
