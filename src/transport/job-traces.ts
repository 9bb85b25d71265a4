import type { RedisClient } from '../redis/connection.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import { queueKeys } from './queue-keys.js';
import { type JobEventView, type JobStanding, jobEventsScript, jobStandingScript } from './view-scripts.js';

/** A place further back than this is "far". */
const waitingLookedAt = 100_000;
/** A search goes through so many dead letters of a queue, and so many events, at most. */
const deathPages = 200;
const deathsPerPage = 1_000;
const eventPages = 20;
const eventsPerPage = 1_000;

/** What a queue knows of one job beside the job itself; changes nothing. */
export class JobTraces {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** How near a job is to being run, and what is in its way. */
  standing(queue: string, id: string): Promise<JobStanding> {
    const { wait, active, prioritized, delayed, meta, limiter, '': base } = queueKeys(this.#keyspace, queue);
    return jobStandingScript.run(
      this.#client,
      { job: `${base}${id}`, wait, active, prioritized, delayed, meta, limiter },
      { id, parkedBase: this.#keyspace.parkedBase(queue), within: waitingLookedAt },
    );
  }

  /**
   * The ids under which earlier deaths of a job lie whose id died again since; at most so many, in no order. A queue in which that never
   * happened is not searched.
   */
  async earlierDeaths(queue: string, id: string, most: number): Promise<string[]> {
    const { failed, meta } = queueKeys(this.#keyspace, deadLetterQueue(queue));
    if ((await this.#client.hexists(meta, 'bwn')) === 0) return [];
    const pattern = `${id.replace(/[\\*?[\]]/g, '\\$&')}~*`;
    const found = new Set<string>();
    let cursor = '0';
    for (let pages = 0; pages < deathPages && found.size < most; pages++) {
      const [next, page] = await this.#client.zscan(failed, cursor, 'MATCH', pattern, 'COUNT', deathsPerPage);
      // Members and scores in turns; no score has a tilde in it.
      for (const word of page) {
        if (word.startsWith(`${id}~`) && /^\d+$/.test(word.slice(id.length + 1))) found.add(word);
      }
      if (next === '0') break;
      cursor = next;
    }
    return [...found].slice(0, most);
  }

  /** What the events of a queue still tell of a job, the oldest first: BullMQ keeps the last ten thousand of all its jobs. */
  async events(queue: string, id: string): Promise<JobEventView[]> {
    const { events } = queueKeys(this.#keyspace, queue);
    const found: JobEventView[] = [];
    let before = '+';
    for (let pages = 0; pages < eventPages && before !== ''; pages++) {
      const page = await jobEventsScript.run(this.#client, { events }, { id, before, count: eventsPerPage });
      found.push(...page.events);
      before = page.next;
    }
    return found.reverse();
  }

  /** When the job completed that did so longest ago, of those that are kept; undefined when none is. */
  async oldestCompleted(queue: string): Promise<number | undefined> {
    const [, score] = await this.#client.zrange(queueKeys(this.#keyspace, queue).completed, '0', '0', 'WITHSCORES');
    return score === undefined ? undefined : Number(score);
  }
}
