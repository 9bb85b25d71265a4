import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { DurationMs } from '../time/duration.js';
import { type Claim, parseClaim } from './claim.js';
import type { Identity } from './identity.js';

/** A job whose lease a worker holds. */
export interface LeasedJob {
  readonly id: string;
  readonly token: string;
}

/** What a job says of its key in the end; `open` takes back what it said before. */
export type KeyEnd =
  | { readonly kind: 'committed'; readonly resultJson: string }
  | { readonly kind: 'failed'; readonly failureJson: string }
  | { readonly kind: 'open' };

const claimScript = defineScript({
  file: new URL('./lua/ledger-claim.lua', import.meta.url),
  keys: ['job', 'lock'],
  args: ['base', 'ledgerBase', 'id', 'token', 'identity', 'keep'],
  reply: (raw): Claim | undefined => (raw === '' ? undefined : parseClaim(raw as string, 0)),
});

const writeScript = defineScript({
  file: new URL('./lua/ledger-write.lua', import.meta.url),
  keys: ['job', 'lock'],
  args: ['ledgerBase', 'id', 'token', 'won', 'state', 'body', 'keep'],
  reply: (raw): 'done' | 'lease_lost' => {
    switch (raw) {
      case 0:
        return 'done';
      case -6:
        return 'lease_lost';
      default:
        throw new TypeError(`unknown code ${String(raw)}`);
    }
  },
});

/**
 * The effect ledger of one queue, for jobs whose claim or end does not travel with fetch-and-finish: those that were written without
 * an identity, and those that BullMQ's own script ends.
 */
export class EffectLedger {
  readonly #client: RedisClient;
  readonly #base: string;
  readonly #ledgerBase: string;
  readonly #keepMs: DurationMs;

  constructor(client: RedisClient, keyspace: Keyspace, queue: string, keepMs: DurationMs) {
    this.#client = client;
    this.#base = keyspace.queueBase(queue);
    this.#ledgerBase = keyspace.ledgerBase(queue);
    this.#keepMs = keepMs;
  }

  /** Claims a key for a job that runs. Undefined when its lease is another's. */
  claim({ id, token }: LeasedJob, identity: Identity): Promise<Claim | undefined> {
    return claimScript.run(this.#client, this.#keys(id), {
      base: this.#base,
      ledgerBase: this.#ledgerBase,
      id,
      token,
      identity,
      keep: this.#keepMs,
    });
  }

  /** Writes what became of the key that the job has won, if it still holds its lease. */
  write({ id, token }: LeasedJob, won: string, end: KeyEnd): Promise<'done' | 'lease_lost'> {
    const ledgerBase = this.#ledgerBase;
    return writeScript.run(this.#client, this.#keys(id), {
      ledgerBase,
      id,
      token,
      won,
      ...wordsOf(end),
      keep: this.#keepMs,
    });
  }

  #keys(id: string): { readonly job: string; readonly lock: string } {
    const job = `${this.#base}${id}`;
    return { job, lock: `${job}:lock` };
  }
}

function wordsOf(end: KeyEnd): { readonly state: 'c' | 'f' | 'r'; readonly body: string } {
  switch (end.kind) {
    case 'committed':
      return { state: 'c', body: end.resultJson };
    case 'failed':
      return { state: 'f', body: end.failureJson };
    case 'open':
      return { state: 'r', body: '' };
  }
}
