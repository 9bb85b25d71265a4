import { defineScript, type ScriptClient } from '../redis/define-script.js';
import { CallGatherer } from './call-gatherer.js';
import { type JobWords, packWords } from './job-words.js';

interface AddReply {
  /** The queue's number before that of the first job. */
  readonly last: number;
  /** Jobs that were there already: by position, from 0, the id of the one that is. */
  readonly duplicates: ReadonlyMap<number, string>;
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
  args: ['base', 'ledgerBase', 'turns', 'number'],
  rest: true,
  reply: (raw): AddReply => {
    const [last, positions, ids, conflicts] = raw as [number, number[], string[], number[]];
    return {
      last,
      duplicates: new Map(positions.map((position, index) => [position - 1, ids[index] ?? ''])),
      conflicts: new Set(conflicts.map((position) => position - 1)),
    };
  },
});

const nothingAdded: AddReply = { last: 0, duplicates: new Map(), conflicts: new Set() };

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
  add(jobs: readonly JobWords[]): Promise<AddedJob[]> {
    if (jobs.length === 0) return Promise.resolve([]);
    const { mostPerCall } = this.#options;
    const batches: Promise<AddedJob[]>[] = [];
    let from = 0;
    let weight = 0;
    for (let index = 0; index < jobs.length; index++) {
      const more = weightOf(jobs[index] as JobWords);
      if (weight + more > mostPerCall && index > from) {
        batches.push(this.#add(jobs.slice(from, index), weight));
        from = index;
        weight = 0;
      }
      weight += more;
    }
    if (from === 0) return this.#add(jobs, weight);
    batches.push(this.#add(jobs.slice(from), weight));
    return allOf(batches);
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
    const [first] = requests;
    // Larger than any call, so alone in this one.
    if (first !== undefined && 'take' in first) return first.take().then(() => nothingAdded);
    const jobs = (requests as readonly Batch[]).flatMap((batch) => batch.jobs);
    const { client, base, ledgerBase = '', turns = '' } = this.#options;
    return addManyScript.run(client, this.#keys, { base, ledgerBase, turns, number: jobs.length }, packWords(jobs));
  }

  #answer(requests: readonly (Batch | Turn)[], { last, duplicates, conflicts }: AddReply): void {
    let at = 0;
    for (const request of requests) {
      if ('take' in request) continue;
      const from = at;
      at += request.jobs.length;
      request.resolve(
        request.jobs.map(({ id }, offset) => {
          const position = from + offset;
          const known = duplicates.get(position);
          return {
            // Jobs without an id have the numbers of their positions.
            id: known ?? (id === '' ? String(last + position + 1) : id),
            duplicate: known !== undefined,
            conflict: conflicts.has(position),
          };
        }),
      );
    }
  }
}

/** What all of them give, when none is under way any more. */
async function allOf(batches: readonly Promise<AddedJob[]>[]): Promise<AddedJob[]> {
  await Promise.allSettled(batches);
  return (await Promise.all(batches)).flat();
}

function weightOf({ dataJson }: JobWords): number {
  return 1 + Math.floor(dataJson.length / charactersPerWeight);
}
