import { defineScript, type ScriptArgument, type ScriptClient } from '../redis/define-script.js';
import { CallGatherer } from './call-gatherer.js';

/** A job as add-many.lua takes it. */
export interface JobWords {
  /** Empty for the queue's next number. */
  readonly id: string;
  readonly name: string;
  readonly dataJson: string;
  readonly optsJson: string;
  readonly timestamp: ScriptArgument;
  readonly delay: ScriptArgument;
  readonly priority: ScriptArgument;
  /** Where it goes: behind all that wait, before them, among the delayed, among the prioritized, or there at its tenant's next turn. */
  readonly place: 'last' | 'first' | 'delayed' | 'prioritized' | 'turn';
  /** Of the payload, where the id is the digest of a key; empty for a job without one. */
  readonly fingerprint: string;
  /** Weight and tenant, where tenants have turns; empty elsewhere. */
  readonly share: string;
}

interface AddReply {
  readonly ids: readonly string[];
  /** Positions, from 0, of jobs that were there already. */
  readonly duplicates: ReadonlySet<number>;
  /** Positions, from 0, of jobs whose key was given to another payload. */
  readonly conflicts: ReadonlySet<number>;
}

/** What became of one job: the id of the job that stands for it, and whether that was there already. */
export interface AddedJob {
  readonly id: string;
  readonly duplicate: boolean;
  /** Whether that one has another payload. */
  readonly conflict: boolean;
}

const addManyScript = defineScript({
  file: new URL('./lua/add-many.lua', import.meta.url),
  keys: ['wait', 'meta', 'id', 'delayed', 'active', 'events', 'marker', 'prioritized', 'priorityCounter'],
  args: ['base', 'ledgerBase', 'turns', 'words'],
  rest: true,
  reply: (raw): AddReply => {
    const [ids, duplicates, conflicts] = raw as [string[], number[], number[]];
    return { ids, duplicates: fromZero(duplicates), conflicts: fromZero(conflicts) };
  },
});

const none: ReadonlySet<number> = new Set();

function fromZero(positions: readonly number[]): ReadonlySet<number> {
  return positions.length === 0 ? none : new Set(positions.map((position) => position - 1));
}

const nothingAdded: AddReply = { ids: [], duplicates: none, conflicts: none };

/** Jobs that travel together. */
interface Batch {
  readonly jobs: readonly JobWords[];
  readonly weight: number;
  readonly resolve: (added: AddedJob[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Something else that must keep its place among the batches. */
interface Turn {
  readonly take: () => Promise<void>;
}

export interface AddCallsOptions {
  readonly client: ScriptClient;
  /** What all keys of the queue begin with. */
  readonly base: string;
  /** What the keys of the effect ledger begin with. Default: no job has a key. */
  readonly ledgerBase?: string;
  /** The key of the turns of its tenants. Default: no job takes one. */
  readonly turns?: string;
  /** How many jobs travel in one call, fewer when they are large. */
  readonly mostPerCall: number;
}

/** A job weighs one, and one more for each so many characters: a call of the largest jobs stays some megabytes. */
const charactersPerWeight = 8_192;

/** Adds jobs to one queue: what falls together travels as one call. */
export class AddCalls {
  readonly #options: AddCallsOptions;
  readonly #keys: Parameters<typeof addManyScript.run>[1];
  readonly #gatherer: CallGatherer<Batch | Turn, AddReply>;

  constructor(options: AddCallsOptions) {
    const { base } = options;
    this.#options = options;
    this.#keys = {
      wait: `${base}wait`,
      meta: `${base}meta`,
      id: `${base}id`,
      delayed: `${base}delayed`,
      active: `${base}active`,
      events: `${base}events`,
      marker: `${base}marker`,
      prioritized: `${base}prioritized`,
      priorityCounter: `${base}pc`,
    };
    this.#gatherer = new CallGatherer({
      mostPerCall: options.mostPerCall,
      sizeOf: (request) => ('take' in request ? Number.POSITIVE_INFINITY : request.weight),
      call: (requests) => this.#call(requests),
      answer: (requests, reply) => this.#answer(requests, reply),
      reject: (request, error) => {
        if ('reject' in request) request.reject(error);
      },
    });
  }

  /**
   * Adds jobs, in as many calls as it takes; answers in their order. Rejects when Redis could not be asked; some of the calls may
   * have been carried out then.
   */
  async add(jobs: readonly JobWords[]): Promise<AddedJob[]> {
    if (jobs.length === 0) return [];
    const { mostPerCall } = this.#options;
    const batches: Promise<AddedJob[]>[] = [];
    let from = 0;
    let weight = 0;
    for (const [index, job] of jobs.entries()) {
      const more = weightOf(job);
      if (weight + more > mostPerCall && index > from) {
        batches.push(this.#add(jobs.slice(from, index), weight));
        from = index;
        weight = 0;
      }
      weight += more;
    }
    if (from === 0) return this.#add(jobs, weight);
    batches.push(this.#add(jobs.slice(from), weight));
    await Promise.allSettled(batches);
    return (await Promise.all(batches)).flat();
  }

  /** Does something else when everything that was added before is on its way, and before anything that is added after. */
  inTurn<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#gatherer.add({ take: async () => run().then(resolve, reject) });
    });
  }

  /** Resolves when everything that was added has been answered. */
  whenIdle(): Promise<void> {
    return this.#gatherer.whenIdle();
  }

  #add(jobs: readonly JobWords[], weight: number): Promise<AddedJob[]> {
    return new Promise((resolve, reject) => {
      this.#gatherer.add({ jobs, weight, resolve, reject });
    });
  }

  #call(requests: readonly (Batch | Turn)[]): Promise<AddReply> {
    const rest: ScriptArgument[] = [];
    const words = Math.max(fewestWords, ...requests.map((request) => ('jobs' in request ? wordsOf(request.jobs) : 0)));
    for (const request of requests) {
      // Larger than any call, so alone in this one.
      if ('take' in request) return request.take().then(() => nothingAdded);
      for (const { id, name, dataJson, optsJson, timestamp, delay, priority, place, ...more } of request.jobs) {
        rest.push(id, name, dataJson, optsJson, timestamp, delay, priority, place);
        if (words > fewestWords) rest.push(more.fingerprint);
        if (words > wordsWithKey) rest.push(more.share);
      }
    }
    const { client, base, ledgerBase = '', turns = '' } = this.#options;
    return addManyScript.run(client, this.#keys, { base, ledgerBase, turns, words }, rest);
  }

  #answer(requests: readonly (Batch | Turn)[], { ids, duplicates, conflicts }: AddReply): void {
    let at = 0;
    for (const request of requests) {
      if ('take' in request) continue;
      const added = request.jobs.map((_job, offset) => ({
        id: ids[at + offset] ?? '',
        duplicate: duplicates.has(at + offset),
        conflict: conflicts.has(at + offset),
      }));
      at += request.jobs.length;
      request.resolve(added);
    }
  }
}

/** How many words the jobs of a call have: what none of them has is not sent. */
const [fewestWords, wordsWithKey, wordsWithShare] = [8, 9, 10] as const;

function wordsOf(jobs: readonly JobWords[]): number {
  if (jobs.some(({ share }) => share !== '')) return wordsWithShare;
  return jobs.some(({ fingerprint }) => fingerprint !== '') ? wordsWithKey : fewestWords;
}

function weightOf({ dataJson }: JobWords): number {
  return 1 + Math.floor(dataJson.length / charactersPerWeight);
}
