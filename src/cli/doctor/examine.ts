import { decideFitness, type Finding } from '../../redis/fitness.js';
import { readRedisFacts } from '../../redis/redis-facts.js';
import { readBreakers } from '../breaker/read-breakers.js';
import type { RedisSession } from '../redis-session.js';
import type { Settings } from '../settings.js';
import { readLeader } from '../status/read-leader.js';
import { readQueues } from '../status/read-queues.js';
import { readWorkers } from '../status/read-workers.js';
import { accountFindings } from './account-findings.js';
import { breakerFindings, poolFindings } from './pool-findings.js';
import { type QueueAccount, takeCensus } from './take-census.js';

export interface Examination {
  readonly findings: readonly Finding[];
  readonly accounts: readonly QueueAccount[];
}

/** Looks at everything and changes nothing. */
export async function examine(redis: RedisSession, { values, sources }: Settings): Promise<Examination> {
  const now = Date.now();
  const facts = await readRedisFacts(redis.client);
  const leader = await readLeader(redis, now);
  const workers = await readWorkers(redis, now, values.supervisor.deadAfterMs);
  const queues = await readQueues(redis, now);
  const breakers = await readBreakers(redis);
  const census = await takeCensus(redis);
  const given = Object.values(sources)
    .flatMap((section) => Object.values(section))
    .filter(({ source }) => source !== 'default');
  return {
    findings: [
      { check: 'configuration', level: 'ok', detail: `valid, ${given.length} of its options are not the default` },
      { check: 'redis', level: 'ok', detail: `${redis.address} answers in ${facts.roundTripMs} ms` },
      ...decideFitness(facts).map((finding) => tolerated(finding, values.redis.allowEviction)),
      ...poolFindings(leader, workers, queues),
      ...breakerFindings(breakers),
      ...accountFindings(census, leader !== undefined),
    ],
    accounts: census.accounts,
  };
}

/** What the operator allowed on purpose is no error. */
function tolerated(finding: Finding, allowEviction: boolean): Finding {
  return allowEviction && finding.check === 'eviction policy' && finding.level === 'error'
    ? { ...finding, level: 'warn' }
    : finding;
}
