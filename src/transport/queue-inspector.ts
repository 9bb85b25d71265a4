import { errorMessage } from '../errors/error-message.js';
import { type JobCrash, parseCrashes } from '../job/crash.js';
import { type JobMeta, jobMetaOption, parseJobMeta } from '../job/job-meta.js';
import type { AttemptRecord } from '../job/outcome.js';
import { carrierOption, parseCarrier } from '../job/trace-carrier.js';
import { parseTrail, type TrailEntry } from '../job/trail.js';
import type { RedisClient } from '../redis/connection.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import { BackendByQueue } from './backend-by-queue.js';
import { parseOr } from './parse-or.js';
import { queueKeys } from './queue-keys.js';
import {
  type ActiveJobOwner,
  activeOwnersScript,
  dueSoonMs,
  type JobOutcomeView,
  jobOutcomesScript,
  type QueueSample,
  queueSampleScript,
  type Suspect,
  suspectsScript,
} from './view-scripts.js';

/** A job as it lies in its queue. */
export interface JobView {
  readonly id: string;
  readonly queue: string;
  /** BullMQ's word: waiting, prioritized, delayed, active, completed, failed, waiting-children, unknown. */
  readonly state: string;
  readonly kind: string;
  /** Parsed when it is JSON, else the text as it is. */
  readonly payload: unknown;
  readonly meta: JobMeta;
  /** What it carries of the trace that it belongs to. */
  readonly carrier: string | undefined;
  /** Zero when the job does not say, or says what is no moment; so are the next two. */
  readonly enqueuedAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly attemptsMade: number;
  readonly starts: number;
  /** How often a worker was lost that ran it, and the last of those losses, the newest last. */
  readonly crashes: number;
  readonly crashHistory: readonly JobCrash[];
  /** Why it was last set aside without using up an attempt. */
  readonly parkedFor: string | undefined;
  /** What else happened to it, the oldest first. */
  readonly trail: readonly TrailEntry[];
  /** The durable steps that are done, in their order. */
  readonly steps: readonly StepView[];
  readonly progress: unknown;
  readonly result: unknown;
  /** The breaker for which its fallback ran; undefined when its handler did the work. */
  readonly fallbackFor: string | undefined;
  readonly failedReason: string | undefined;
  readonly worker: string | undefined;
  readonly attempts: readonly AttemptRecord[];
  /** Zero when its producer asked for none. */
  readonly delayMs: number;
  /** The job that waits for this one. */
  readonly parent: string | undefined;
  /** The job scheduler that made it. */
  readonly scheduler: string | undefined;
  /** Why the worker that takes it next is to fail it, if it is. */
  readonly willFail: string | undefined;
  /** How it died, as the dead-letter queue keeps it: whatever lies there. */
  readonly deathRecord: unknown;
}

/** A durable step that is done. */
export interface StepView {
  readonly name: string;
  /** Absent when it was not kept. */
  readonly at?: number;
}

/** A job that moves so often while it is looked at is shown as it was last. */
const mostLooks = 5;

/** A hash with none of these is not a job. */
const jobFields = ['timestamp', 'name', 'data'];

/** Looks at queues; changes nothing. */
export class QueueInspector {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #backends: BackendByQueue;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
    // Whoever made the connection hears of its errors.
    this.#backends = new BackendByQueue(client, keyspace, () => undefined);
  }

  /** Counts a queue in every state, at one moment. */
  async sample(queue: string): Promise<QueueSample> {
    const keys = queueKeys(this.#keyspace, queue);
    const dead = queueKeys(this.#keyspace, deadLetterQueue(queue));
    return queueSampleScript.run(
      this.#client,
      {
        wait: keys.wait,
        prioritized: keys.prioritized,
        delayed: keys.delayed,
        active: keys.active,
        completed: keys.completed,
        failed: keys.failed,
        waitingChildren: keys['waiting-children'],
        dead: dead.failed,
        meta: keys.meta,
        id: keys.id,
        awaitingSlots: this.#keyspace.awaitingSlots(queue),
        shed: this.#keyspace.parked(queue, 'shed'),
      },
      { base: keys[''], soon: dueSoonMs },
    );
  }

  /** Who holds the active jobs: a page counted from the oldest, the newest of the page first. */
  async activeOwners(queue: string, from: number, count: number): Promise<ActiveJobOwner[]> {
    const keys = queueKeys(this.#keyspace, queue);
    return activeOwnersScript.run(this.#client, { active: keys.active }, { base: keys[''], from, count });
  }

  /** The jobs that wait for a process of their own, those that come back first in front. */
  async suspects(queue: string, count: number): Promise<Suspect[]> {
    const parked = this.#keyspace.parked(queue, 'quarantine');
    const { meta, '': base } = queueKeys(this.#keyspace, queue);
    return suspectsScript.run(this.#client, { parked, meta }, { base, count });
  }

  /** How far jobs are, in the order of the ids. Ask for a few hundred at a time. */
  async outcomes(queue: string, ids: readonly string[]): Promise<JobOutcomeView[]> {
    if (ids.length === 0) return [];
    const keys = queueKeys(this.#keyspace, queue);
    const deadBase = this.#keyspace.queueBase(deadLetterQueue(queue));
    const ledgerBase = this.#keyspace.ledgerBase(queue);
    const args = { base: keys[''], deadBase, ledgerBase, ids: JSON.stringify(ids) };
    return jobOutcomesScript.run(this.#client, { meta: keys.meta }, args);
  }

  /** One job, whole; undefined when it is not in this queue. A dead-letter queue is a queue, too. */
  async job(queue: string, id: string): Promise<JobView | undefined> {
    const stateNow = () => this.#backends.get(queue).getState(id);
    let [state, before] = [await stateNow(), ''];
    let hash: Readonly<Record<string, string>> = {};
    // A job moves while it is read. Its fields are of the moment of its state when that is the same before and after.
    for (let looks = 0; looks < mostLooks && state !== before; looks++) {
      before = state;
      hash = await this.#client.hgetall(this.#keyspace.queue(queue, id)).catch(emptyInWrongType);
      state = await stateNow();
    }
    return jobFields.some((field) => field in hash) ? viewOf(hash, id, queue, state) : undefined;
  }
}

function viewOf(hash: Readonly<Record<string, string>>, id: string, queue: string, state: string): JobView {
  const opts = parseOr(hash['opts'], {}) as Record<string, unknown>;
  const time = (field: string): number | undefined => (hash[field] === undefined ? undefined : numberOr0(hash[field]));
  return {
    id,
    queue,
    state,
    kind: hash['name'] ?? '',
    payload: parseOr(hash['data'], hash['data']),
    meta: parseJobMeta(opts?.[jobMetaOption]),
    carrier: parseCarrier(opts?.[carrierOption]),
    enqueuedAt: time('timestamp') ?? 0,
    startedAt: time('processedOn'),
    finishedAt: time('finishedOn'),
    attemptsMade: numberOr0(hash['atm']),
    starts: numberOr0(hash['ats']),
    crashes: numberOr0(hash['bwc']),
    crashHistory: parseCrashes(hash['bwk']),
    parkedFor: hash['bwp'],
    progress: parseOr(hash['progress'], undefined),
    result: parseOr(hash['returnvalue'], undefined),
    fallbackFor: hash['bwf'],
    failedReason: hash['failedReason'],
    worker: hash['pb'],
    attempts: parseAttempts(hash['bwh']),
    trail: parseTrail(hash['bwt']),
    steps: parseSteps(hash['bws']),
    delayMs: numberOr0(String(opts?.['delay'] ?? 0)),
    parent: hash['parentKey'] || undefined,
    scheduler: hash['rjk'],
    willFail: hash['defa'],
    deathRecord: parseOr(hash['bwd'], undefined),
  };
}

/** What somebody else put under the id, and is no hash, is no job. */
function emptyInWrongType(error: unknown): Record<string, string> {
  if (/^WRONGTYPE\b/.test(errorMessage(error))) return {};
  throw error;
}

/** The steps in a job's field `bws`, each by its name or as an object that has one; what is neither is left out. */
function parseSteps(json: string | undefined): StepView[] {
  const steps = parseOr(json, []);
  if (!Array.isArray(steps)) return [];
  return steps.flatMap((step: unknown) => {
    const { name, at } = Object(typeof step === 'string' ? { name: step } : step) as Partial<Record<string, unknown>>;
    return typeof name === 'string' ? [{ name, ...(typeof at === 'number' && { at }) }] : [];
  });
}

/** The history in a job's field `bwh`; empty when there is none or it cannot be read. What is no attempt is left out. */
export function parseAttempts(json: string | undefined): AttemptRecord[] {
  const attempts = parseOr(json, []);
  return Array.isArray(attempts) ? attempts.filter(isAttempt) : [];
}

function isAttempt(entry: unknown): entry is AttemptRecord {
  const error = (entry as Partial<AttemptRecord> | null)?.error;
  return typeof error === 'object' && error !== null;
}

/** Reads a count or a moment that anybody may have written: zero when it is missing or no number. */
export function numberOr0(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isFinite(value) && value >= 0 ? value : 0;
}
