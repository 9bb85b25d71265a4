import type { Logger } from 'pino';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { leaseTokenPrefix } from './lease-token.js';
import { queueKeys } from './queue-keys.js';
import { releaseKeys, releaseScript } from './transition-scripts.js';
import { strayJobsScript } from './view-scripts.js';

export interface StrayJobsOptions {
  /** The connection on which jobs are fetched: Redis answers in order, so what it gave before is known before its answer here. */
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  readonly worker: string;
  readonly isRunning: (id: string, token: string) => boolean;
  readonly log: Logger;
}

/** Strays were taken just before the connection broke, so they are among the newest; this many were started since at most. */
const newestJobs = 1_000;

/**
 * Gives back the jobs that Redis gave to this worker in an answer that was lost with the connection. The worker does not know
 * of them, and to everybody else they look well kept. They are next to start.
 *
 * @returns how many were given back
 */
export async function giveBackStrays(options: StrayJobsOptions): Promise<number> {
  const { client, keyspace, queue, worker, isRunning, log } = options;
  const { active, '': base } = queueKeys(keyspace, queue);
  const args = { base, prefix: leaseTokenPrefix(worker), count: newestJobs };
  const held = await strayJobsScript.run(client, { active }, args);
  // Answers that came together with this one may not have been taken up yet.
  await new Promise(setImmediate);
  let strays = 0;
  for (const { id, token } of held) {
    if (isRunning(id, token)) continue;
    const release = { id, token, base, crash: '', keep: 0, failure: '', epoch: '', reason: '', worker };
    const reply = await releaseScript.run(client, releaseKeys(keyspace, queue, id), release);
    if (reply !== 'done') continue;
    strays += 1;
    log.warn({ queue, jobId: id }, 'job.stray');
  }
  return strays;
}
