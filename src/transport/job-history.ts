import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import { queueKeys } from './queue-keys.js';

/** The answer to a leader: how many jobs are gone, or that a later leader has written to the queue. */
export type TrimReply = { readonly kind: 'trimmed'; readonly jobs: number } | { readonly kind: 'deposed' };

const trimHistoryScript = defineScript({
  file: new URL('./lua/trim-history.lua', import.meta.url),
  keys: ['completed', 'fence'],
  args: ['base', 'keep', 'most', 'olderThan', 'epoch'],
  reply: (raw): TrimReply => {
    if (raw === -7) return { kind: 'deposed' };
    if (typeof raw !== 'number') throw new TypeError('expected a number');
    return { kind: 'trimmed', jobs: raw };
  },
});

export interface TrimLimits {
  readonly keep: number;
  readonly most: number;
  readonly olderThanMs: number;
}

/** The completed jobs that a queue keeps for whoever wants to look at them. */
export class JobHistory {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /**
   * Removes the oldest, at most `most`, until only `keep` are left or those that ended within `olderThanMs`, on behalf of the leader of this
   * epoch.
   */
  trim(queue: string, { keep, most, olderThanMs }: TrimLimits, epoch: number): Promise<TrimReply> {
    const { completed, '': base } = queueKeys(this.#keyspace, queue);
    const fence = this.#keyspace.fence(queue);
    return trimHistoryScript.run(
      this.#client,
      { completed, fence },
      { base, keep, most, olderThan: olderThanMs, epoch },
    );
  }
}
