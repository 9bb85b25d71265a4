import { errorMessage } from '../errors/error-message.js';
import type { DueParkReason } from '../job/outcome.js';
import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { queueKeys } from './queue-keys.js';

/** The answer to a leader: how many jobs came back, or that a later leader has written to the queue. */
export type ReturnReply = { readonly kind: 'returned'; readonly returned: number } | { readonly kind: 'deposed' };

const returnParkedScript = defineScript({
  file: new URL('./lua/return-parked.lua', import.meta.url),
  keys: ['parked', 'delayed', 'wait', 'prioritized', 'priorityCounter', 'marker', 'events', 'meta', 'fence', 'turns'],
  args: ['base', 'reason', 'most', 'epoch', 'first'],
  reply: (raw): ReturnReply => {
    if (raw === -7) return { kind: 'deposed' };
    if (typeof raw !== 'number') throw new TypeError('expected a number');
    return { kind: 'returned', returned: raw };
  },
});

const parkedBirthsScript = defineScript({
  file: new URL('./lua/parked-births.lua', import.meta.url),
  keys: ['parked', 'delayed'],
  args: ['base', 'most'],
  reply: (raw): number[] => {
    if (!Array.isArray(raw)) throw new TypeError('expected an array');
    return raw.map(Number);
  },
});

/**
 * One index of parked jobs: those of a queue that were set aside for one reason, by when they come back by themselves. Who waits for a slot of
 * its tenant is on an index of another kind: see `Keyspace.awaitingSlotOf`.
 */
export interface ParkedFor {
  readonly queue: string;
  readonly reason: DueParkReason;
}

/** Redis looks at no more entries of an index in one call. */
const mostPerCall = 1_000;

/** The jobs that are set aside until they are due, by reason: counts them and brings them back sooner. */
export class ParkedJobs {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** How many are set aside for each of these and not due yet at `now`, on Redis' clock. Ask for a few thousand at a time. */
  async count(indexes: readonly ParkedFor[], now: EpochMs): Promise<number[]> {
    const counts = indexes.map(({ queue, reason }) =>
      this.#client.zcount(this.#keyspace.parked(queue, reason), `(${now}`, '+inf').catch(noneInWrongType),
    );
    return Promise.all(counts);
  }

  /** When the oldest of those were made that could come back, up to `most` of them, the oldest first. */
  births({ queue, reason }: ParkedFor, most: number): Promise<number[]> {
    const { delayed, '': base } = queueKeys(this.#keyspace, queue);
    return parkedBirthsScript.run(
      this.#client,
      { parked: this.#keyspace.parked(queue, reason), delayed },
      { base, most: Math.min(most, mostPerCall) },
    );
  }

  /**
   * Brings back at most `most`, each to its place by class and age, on behalf of the leader of this epoch: the oldest first, or those that would
   * come back first, so that one which was set aside again has its turn after all others.
   */
  bringBack(
    { queue, reason }: ParkedFor,
    most: number,
    epoch: number,
    first: 'oldest' | 'due' = 'oldest',
  ): Promise<ReturnReply> {
    const { delayed, wait, prioritized, pc, marker, events, meta, '': base } = queueKeys(this.#keyspace, queue);
    return returnParkedScript.run(
      this.#client,
      {
        parked: this.#keyspace.parked(queue, reason),
        delayed,
        wait,
        prioritized,
        priorityCounter: pc,
        marker,
        events,
        meta,
        fence: this.#keyspace.fence(queue),
        turns: this.#keyspace.turns(queue),
      },
      { base, reason, most: Math.min(most, mostPerCall), epoch, first },
    );
  }
}

/** What somebody else put in the place of an index holds nobody, and must not hide the others. */
function noneInWrongType(error: unknown): number {
  if (/^WRONGTYPE\b/.test(errorMessage(error))) return 0;
  throw error;
}
