import type { RedisClient } from '../redis/connection.js';
import { defineScript, type ScriptArgument } from '../redis/define-script.js';
import { CallGatherer } from './call-gatherer.js';

/** A job as add-many.lua takes it. */
export interface JobWords {
  /** Empty for the queue's next number. */
  readonly id: string;
  readonly name: string;
  readonly dataJson: string;
  readonly optsJson: string;
  readonly timestamp: number;
  readonly delayMs: number;
  readonly priority: number;
  /** Goes before all that wait. */
  readonly lifo: boolean;
}

interface AddReply {
  readonly ids: readonly string[];
  /** Positions, from 0, of jobs that were there already. */
  readonly duplicates: ReadonlySet<number>;
}

/** What became of one job: its id, and whether it was there already. */
export interface AddedJob {
  readonly id: string;
  readonly duplicate: boolean;
}

const addManyScript = defineScript({
  file: new URL('./lua/add-many.lua', import.meta.url),
  keys: ['wait', 'meta', 'id', 'delayed', 'active', 'events', 'marker', 'prioritized', 'priorityCounter'],
  args: ['base'],
  rest: true,
  reply: (raw): AddReply => {
    const [ids, duplicates] = raw as [string[], number[]];
    return { ids, duplicates: new Set(duplicates.map((position) => position - 1)) };
  },
});

interface AddRequest {
  readonly jobs: readonly JobWords[];
  readonly resolve: (added: AddedJob[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface AddCallsOptions {
  readonly client: RedisClient;
  /** What all keys of the queue begin with. */
  readonly base: string;
  /** How many jobs travel in one call. */
  readonly mostPerCall: number;
}

/** Adds jobs to one queue: what falls together travels as one call. */
export class AddCalls {
  readonly #options: AddCallsOptions;
  readonly #keys: Parameters<typeof addManyScript.run>[1];
  readonly #gatherer: CallGatherer<AddRequest>;

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
      sizeOf: ({ jobs }) => jobs.length,
      call: (requests) => this.#call(requests),
      reject: ({ reject }, error) => reject(error),
    });
  }

  /** Adds jobs, a few hundred at most; answers in their order. Rejects when Redis could not be asked. */
  add(jobs: readonly JobWords[]): Promise<AddedJob[]> {
    return new Promise((resolve, reject) => {
      this.#gatherer.add({ jobs, resolve, reject });
    });
  }

  async #call(requests: readonly AddRequest[]): Promise<void> {
    const rest: ScriptArgument[] = [];
    for (const { jobs } of requests) {
      for (const { id, name, dataJson, optsJson, timestamp, delayMs, priority, lifo } of jobs) {
        rest.push(id, name, dataJson, optsJson, timestamp, delayMs, priority, lifo ? 1 : 0);
      }
    }
    const { client, base } = this.#options;
    const { ids, duplicates } = await addManyScript.run(client, this.#keys, { base }, rest);
    let at = 0;
    for (const { jobs, resolve } of requests) {
      resolve(jobs.map(() => ({ id: ids[at] ?? '', duplicate: duplicates.has(at++) })));
    }
  }
}
