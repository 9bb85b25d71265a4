import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { DurationMs } from '../time/duration.js';
import { type Claim, parseClaim, type StartedJob, wonKey } from './claim.js';

/** A job whose lease a worker holds. */
export interface LeasedJob extends StartedJob {
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
  args: ['base', 'ledgerBase', 'id', 'token', 'digest', 'fingerprint', 'keep'],
  reply: (raw): string => raw as string,
});

const writeScript = defineScript({
  file: new URL('./lua/ledger-write.lua', import.meta.url),
  keys: ['job', 'lock'],
  args: ['ledgerBase', 'id', 'token', 'won', 'body', 'keep'],
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
 * naming a key, and those that BullMQ's own script ends.
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
  async claim(job: LeasedJob, digest: string, fingerprint: string): Promise<Claim | undefined> {
    const { id, token } = job;
    const text = await claimScript.run(this.#client, this.#keys(id), {
      base: this.#base,
      ledgerBase: this.#ledgerBase,
      id,
      token,
      digest,
      fingerprint,
      keep: this.#keepMs,
    });
    return text === '' ? undefined : parseClaim(text, job);
  }

  /** Writes what became of the key that the job has won, if it still holds its lease. */
  write({ id, token }: LeasedJob, claim: Claim, end: KeyEnd): Promise<'done' | 'lease_lost'> {
    return writeScript.run(this.#client, this.#keys(id), {
      ledgerBase: this.#ledgerBase,
      id,
      token,
      won: wonKey(end.kind, id, claim),
      body: bodyOf(end),
      keep: this.#keepMs,
    });
  }

  #keys(id: string): { readonly job: string; readonly lock: string } {
    const job = `${this.#base}${id}`;
    return { job, lock: `${job}:lock` };
  }
}

function bodyOf(end: KeyEnd): string {
  switch (end.kind) {
    case 'committed':
      return end.resultJson;
    case 'failed':
      return end.failureJson;
    case 'open':
      return '';
  }
}
