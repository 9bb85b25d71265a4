import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { StepsUnreadableError } from './step-errors.js';

/** A step that is done, as its job lists it (field `bws`). Its result lies beside it, in the field `bws:<name>`. */
export interface StepEntry {
  readonly name: string;
  /** When it was done. */
  readonly at: EpochMs;
  /** Steps that had begun by then and were not done, as far as no entry before has told of them. */
  readonly begun?: readonly string[];
}

/** A step that is done, with its result as JSON; empty for undefined. */
export interface DoneStep {
  readonly entry: StepEntry;
  readonly json: string;
}

/** A run of a job, which its lease's token proves. */
export interface StepOwner {
  readonly id: string;
  readonly token: string;
}

/** So many steps a job can have. More would be a loop over data, which belongs into jobs of their own. */
export const maxSteps = 1_000;

/** `later` when nobody holds the lease: it ran out while Redis was away, and its keeper takes it back or hears that it is lost. */
export type SaveReply = 'remembered' | 'lease_lost' | 'unreadable' | 'later';

const saveScript = defineScript({
  file: new URL('./lua/step-save.lua', import.meta.url),
  keys: ['job', 'lock'],
  args: ['token', 'name', 'entry', 'result'],
  reply: (raw): SaveReply => {
    switch (raw) {
      case 0:
      case 1:
        return 'remembered';
      case -1:
      case -6:
        return 'lease_lost';
      case -2:
        return 'later';
      case -8:
        return 'unreadable';
      default:
        throw new TypeError(`unknown code ${String(raw)}`);
    }
  },
});

const loadScript = defineScript({
  file: new URL('./lua/steps-load.lua', import.meta.url),
  keys: ['job'],
  args: ['most'],
  reply: (raw) => {
    const [steps, results] = raw as [steps: string, results: (string | null)[]];
    return { steps, results };
  },
});

/** The steps of the jobs of one queue. They lie in the jobs' own hashes, and so go where the jobs go. */
export class StepStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #queue: string;

  constructor(client: RedisClient, keyspace: Keyspace, queue: string) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#queue = queue;
  }

  /**
   * Which steps of a job are done, in the order in which they were.
   *
   * @throws StepsUnreadableError when the job says something else than `save` wrote.
   */
  async load(id: string): Promise<DoneStep[]> {
    const { steps, results } = await loadScript.run(this.#client, { job: this.#job(id) }, { most: maxSteps });
    if (steps === '') return [];
    const entries = parseEntries(steps);
    if (entries === undefined) throw new StepsUnreadableError(id, 'the list of steps is none');
    return entries.map((entry, index) => {
      const json = results[index];
      if (typeof json !== 'string') throw new StepsUnreadableError(id, `the result of '${entry.name}' is missing`);
      if (json !== '' && parse(json) === undefined) {
        throw new StepsUnreadableError(id, `the result of '${entry.name}' is no JSON`);
      }
      return { entry, json };
    });
  }

  /** Remembers a step, once, for the run that holds the lease. */
  save({ id, token }: StepOwner, { entry, json }: DoneStep): Promise<SaveReply> {
    const job = this.#job(id);
    const args = { token, name: entry.name, entry: JSON.stringify(entry), result: json };
    return saveScript.run(this.#client, { job, lock: `${job}:lock` }, args);
  }

  #job(id: string): string {
    return this.#keyspace.queue(this.#queue, id);
  }
}

function parseEntries(json: string): StepEntry[] | undefined {
  const entries = parse(json);
  return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined;
}

function isEntry(entry: unknown): entry is StepEntry {
  const { name, begun = [] } = (entry ?? {}) as Partial<StepEntry>;
  return typeof name === 'string' && Array.isArray(begun) && begun.every((step) => typeof step === 'string');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
