import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { decodeTakenJob, type FetchedJob } from './fetched-job.js';
import { queueKeys } from './queue-keys.js';
import { takeSuspectScript } from './scripts.js';

export interface SuspectTaker {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  /** The worker that will hold the lease. */
  readonly worker: string;
  readonly leaseMs: number;
}

/** Takes a job that was set aside to run alone; undefined when it is not there any more, or the queue gives no jobs now. */
export async function takeSuspect(
  { client, keyspace, queue, worker, leaseMs }: SuspectTaker,
  id: string,
  token: string,
): Promise<FetchedJob | undefined> {
  const { active, delayed, events, meta, limiter, '': base } = queueKeys(keyspace, queue);
  const parked = keyspace.parked(queue, 'quarantine');
  const args = { base, id, token, lease: leaseMs, worker };
  const taken = await takeSuspectScript.run(client, { active, delayed, parked, events, meta, limiter }, args);
  return taken && decodeTakenJob(taken.job, token, taken.at);
}
