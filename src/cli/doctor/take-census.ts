import { deadLetterQueue } from '../../redis/keyspace.js';
import { pause } from '../../time/clock.js';
import { type JobPlaces, type PlaceName, placeNames, readJobPlaces } from '../../transport/job-places.js';
import { type JobFault, judgeJob } from '../../transport/judge-job.js';
import { scanHashes } from '../../transport/scan-hashes.js';
import type { RedisSession } from '../redis-session.js';
import { findSuspects } from './find-suspects.js';
import { type QueueIds, readIds } from './read-ids.js';

/** What the census of one queue found. A dead-letter queue is counted on its own. */
export interface QueueAccount {
  readonly queue: string;
  /** How many jobs stood in each place. */
  readonly places: Readonly<Record<PlaceName, number>>;
  readonly inPlaces: number;
  /** How many jobs there are. Equal to `inPlaces` when nothing moves while we count. */
  readonly jobs: number;
  readonly faults: Readonly<Record<JobFault, readonly string[]>>;
  /** Active jobs whose lease has ended. */
  readonly leaseless: readonly string[];
  /** False when the queue was too large to look at every job. */
  readonly complete: boolean;
}

export interface Census {
  readonly accounts: readonly QueueAccount[];
  /** Queues that hold jobs and that no worker and no producer has told of. */
  readonly unlisted: readonly string[];
  /** False when there were too many keys to look at all of them: a lost job may have been missed. */
  readonly complete: boolean;
}

export interface CensusBudget {
  /** Ids that are read per queue. */
  readonly maxIds: number;
  /** Rounds over the keys of Redis, a thousand each. */
  readonly maxRounds: number;
}

/** A few seconds of reading. Looking at a suspect reads the whole queue in one step, so a larger queue would hold up Redis. */
const defaultBudget: CensusBudget = { maxIds: 200_000, maxRounds: 2_000 };

const suspectsPerLook = 500;
const maxSuspects = 10_000;
/** What looks wrong must still look wrong after this long. */
const secondLookAfterMs = 300;

/**
 * Counts every job in every place, by law 1: each is in exactly one.
 *
 * Reading takes many commands, and jobs move meanwhile. So reading only names suspects; each of those is then looked at in
 * one atomic step, twice, and only what was wrong both times is reported.
 */
export async function takeCensus(redis: RedisSession, budget: CensusBudget = defaultBudget): Promise<Census> {
  const { client, keyspace } = redis;
  const listed = (await redis.queueNames()).flatMap((queue) => [queue, deadLetterQueue(queue)]);
  const readAll = async (): Promise<Map<string, QueueIds>> => {
    const ids = new Map<string, QueueIds>();
    for (const queue of listed) ids.set(queue, await readIds(client, keyspace, queue, budget.maxIds));
    return ids;
  };

  // Before and after the scan: a job that was in its place at either moment is accounted for.
  const before = await readAll();
  const hashes = await scanHashes(client, keyspace, budget.maxRounds);
  const after = await readAll();
  const accounts: QueueAccount[] = [];
  for (const queue of listed) {
    const readings = [before.get(queue), after.get(queue)].filter((ids) => ids !== undefined);
    accounts.push(await account(redis, queue, readings, hashes.byQueue.get(queue) ?? new Set(), hashes.complete));
  }
  const unlisted = [...hashes.byQueue.keys()].filter((queue) => !listed.includes(queue)).sort();
  return { accounts, unlisted, complete: hashes.complete };
}

async function account(
  redis: RedisSession,
  queue: string,
  readings: readonly QueueIds[],
  hashes: ReadonlySet<string>,
  allHashes: boolean,
): Promise<QueueAccount> {
  const allIds = readings.every(({ complete }) => complete);
  const suspects = findSuspects({ readings: readings.map(({ seen }) => seen), hashes, allIds, allHashes });
  const first = await lookAt(redis, queue, suspects.slice(0, maxSuspects));
  const leaseless = await leaselessJobs(redis, queue);
  const wrong = first.filter((job) => judgeJob(job) !== undefined).map(({ id }) => id);
  if (wrong.length > 0 || leaseless.length > 0) await pause(secondLookAfterMs);
  const second = await lookAt(redis, queue, wrong);
  const stillLeaseless = await lookAt(redis, queue, leaseless);

  const faulty = (fault: JobFault) => second.filter((job) => judgeJob(job) === fault).map(({ id }) => id);
  const places =
    readings.at(-1)?.counts ?? (Object.fromEntries(placeNames.map((name) => [name, 0])) as QueueAccount['places']);
  return {
    queue,
    places,
    inPlaces: Object.values(places).reduce((sum, count) => sum + count, 0),
    jobs: hashes.size - first.filter(({ hash }) => hash === 'other').length,
    faults: { lost: faulty('lost'), empty: faulty('empty'), twice: faulty('twice') },
    leaseless: stillLeaseless.filter(({ leased, places: at }) => !leased && at.includes('active')).map(({ id }) => id),
    complete: allIds && suspects.length <= maxSuspects,
  };
}

async function lookAt({ client, keyspace }: RedisSession, queue: string, ids: readonly string[]): Promise<JobPlaces[]> {
  const seen: JobPlaces[] = [];
  for (let from = 0; from < ids.length; from += suspectsPerLook) {
    seen.push(...(await readJobPlaces(client, keyspace, queue, ids.slice(from, from + suspectsPerLook))));
  }
  return seen;
}

/** The oldest active jobs that nobody holds a lease of: a worker died with them, or is about to renew. */
async function leaselessJobs({ inspector }: RedisSession, queue: string): Promise<string[]> {
  const owners = await inspector.activeOwners(queue, 0, suspectsPerLook);
  return owners.filter(({ token }) => token === '').map(({ id }) => id);
}
