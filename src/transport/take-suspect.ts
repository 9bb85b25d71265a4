import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { decodeTakenJob, type FetchedJob } from './fetched-job.js';
import { queueKeys } from './queue-keys.js';
import { takeSuspectScript } from './transition-scripts.js';

export interface SuspectTaker {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  /** The worker that will hold the lease. */
  readonly worker: string;
  readonly leaseMs: number;
  /** For how many ms the effect ledger keeps a key. */
  readonly keepKeysMs: number;
}

/** Takes a job that was set aside to run alone; undefined when it is not there any more, or the queue gives no jobs now. */
export async function takeSuspect(
  { client, keyspace, queue, worker, leaseMs, keepKeysMs }: SuspectTaker,
  id: string,
  token: string,
): Promise<FetchedJob | undefined> {
  const { active, delayed, events, meta, limiter, '': base } = queueKeys(keyspace, queue);
  const parked = keyspace.parked(queue, 'quarantine');
  const ledgerBase = keyspace.ledgerBase(queue);
  const args = { base, ledgerBase, id, token, lease: leaseMs, worker, keepKeys: keepKeysMs };
  const taken = await takeSuspectScript.run(client, { active, delayed, parked, events, meta, limiter }, args);
  return taken && decodeTakenJob(taken.job, token, taken.at);
}
