import type { ScriptArgument, ScriptClient } from '../redis/define-script.js';
import type { EpochMs } from '../time/duration.js';
import { CallGatherer } from './call-gatherer.js';
import { type FetchAndFinishReply, fetchAndFinishScript } from './fetch-and-finish.js';
import type { PayloadReader } from './payload-reader.js';
import type { WorkLayout } from './work-layout.js';

/** One thing a worker has to say about its queue: a job that ended, jobs it can take, or both. */
interface WorkRequest<J> {
  /** The job that ended, if one did. */
  readonly end: JobEnd | undefined;
  /** One token per job that can be taken; after an end at most one. */
  readonly tokens: readonly string[];
  readonly resolve: (reply: WorkReply<J>) => void;
  readonly reject: (error: unknown) => void;
}

/** One end, as the header of fetch-and-finish.lua lists them. */
export interface JobEnd {
  readonly kind: 'c' | 'b' | 'f' | 'y' | 'p' | 's' | 'd' | 'i';
  readonly id: string;
  readonly token: string;
  readonly words: readonly ScriptArgument[];
}

export interface WorkReply<J> {
  /** What became of the end; 0 when there was none. */
  readonly code: number;
  readonly jobs: readonly J[];
  readonly limitedForMs: number;
  /** Whether the queue gave nothing because it is paused, or runs as many jobs as it may. */
  readonly closed: boolean;
  /** When the next delayed job is due, if there is one. */
  readonly nextAt: EpochMs | undefined;
  /** The moment at which all of it happened. */
  readonly at: EpochMs;
}

/** A job as the script answers it: what was asked of its hash, then its id. */
export type TakenJob = readonly (string | number | null)[];

export interface WorkCallsOptions<J> {
  readonly client: ScriptClient;
  readonly layout: WorkLayout;
  /** Shown as the job's `processedBy`. */
  readonly worker: string;
  readonly leaseMs: number;
  /** How many attempts the history of a job keeps. */
  readonly keepAttempts: number;
  /** For how many ms the effect ledger keeps a key. */
  readonly keepKeysMs: number;
  /** Reads large payloads beside the script. Without it the whole hash of a job is wanted, as field and value in turns. */
  readonly payloads?: PayloadReader;
  readonly decode: (job: TakenJob, token: string, at: EpochMs) => J;
  /** The clock that says what is due. Default: that of Redis. */
  readonly now?: () => number;
  /** At most so many starts in so many ms, unless the queue itself says otherwise. */
  readonly limiter?: { readonly max: number; readonly duration: number } | undefined;
  /** How many jobs of one tenant run at once, 0 for any number; undefined where tenants have no turns. */
  readonly tenantSlots?: number | undefined;
  /** How many points BullMQ's metrics keep; undefined keeps none. */
  readonly metricsSize?: number | undefined;
  /**
   * How many ends and fetches travel as one call at most. Half of the slots would be best; the default is for where they are
   * not known.
   * @defaultValue 25
   */
  readonly mostPerCall?: number;
}

/** What a call brought: the jobs with their payloads, and as the script took them. */
interface WorkAnswer extends FetchAndFinishReply {
  readonly taken: readonly TakenJob[];
}

/** So that with fifty slots and more two calls are under way; a call with more would also keep Redis from others for long. */
const defaultMostPerCall = 25;

/** Tells Redis, for one worker process and queue, of jobs that ended, and asks it for jobs: what falls together travels as one call. */
export class WorkCalls<J> {
  readonly #client: ScriptClient;
  readonly #keys: Parameters<typeof fetchAndFinishScript.run>[1];
  readonly #args: Omit<Parameters<typeof fetchAndFinishScript.run>[2], 'ends' | 'fetches' | 'now' | 'answer'>;
  readonly #options: WorkCallsOptions<J>;
  readonly #gatherer: CallGatherer<WorkRequest<J>, WorkAnswer>;
  #queueLimits = false;
  /** Jobs that Redis gave, and that have not been handed out. */
  readonly #arriving = new Set<readonly TakenJob[]>();
  /** Tokens for which jobs are asked on another connection. */
  readonly #elsewhere = new Set<readonly string[]>();

  constructor(options: WorkCallsOptions<J>) {
    this.#options = options;
    this.#client = options.client;
    this.#gatherer = new CallGatherer({
      mostPerCall: options.mostPerCall ?? defaultMostPerCall,
      call: (requests) => this.#call(requests),
      answer: (requests, reply) => this.#answer(requests, reply),
      reject: ({ reject }, error) => reject(error),
    });
    this.#keys = options.layout.keys;
    this.#args = {
      ...options.layout.bases,
      lease: options.leaseMs,
      worker: options.worker,
      limiterMax: options.limiter?.max ?? '',
      limiterDuration: options.limiter?.duration ?? '',
      metricsSize: options.metricsSize ?? '',
      keepAttempts: options.keepAttempts,
      keepKeys: options.keepKeysMs,
      tenantSlots: options.tenantSlots ?? '',
    };
  }

  /** Tells of a job that ended and, when a token is given, asks for one in its place. Rejects when Redis could not be asked. */
  end(end: JobEnd, nextToken: string | undefined): Promise<WorkReply<J>> {
    return this.#ask(end, nextToken === undefined ? [] : [nextToken]);
  }

  /**
   * Asks for up to as many jobs as there are tokens; on another connection, where one is given: there the call goes alone and at once, and Redis
   * comes to it after what was said there before. Rejects when Redis could not be asked.
   */
  take(tokens: readonly string[], line?: ScriptClient): Promise<WorkReply<J>> {
    return line === undefined ? this.#ask(undefined, tokens) : this.#askOn(line, tokens);
  }

  /** Whether the queue itself says how many of its jobs run or start at most, as Redis told last. */
  get queueLimits(): boolean {
    return this.#queueLimits;
  }

  /**
   * Whether a job came that has not been handed out, because its payload is read or another answer is, or may be in an answer on another
   * connection: it runs here in a moment.
   */
  isArriving(id: string, token: string): boolean {
    for (const tokens of this.#elsewhere) if (tokens.includes(token)) return true;
    for (const jobs of this.#arriving) if (jobs.some((job) => job.at(-1) === id)) return true;
    return false;
  }

  /** Resolves when everything that was said and asked has been answered. */
  whenIdle(): Promise<void> {
    return this.#gatherer.whenIdle();
  }

  #ask(end: JobEnd | undefined, tokens: readonly string[]): Promise<WorkReply<J>> {
    return new Promise((resolve, reject) => {
      this.#gatherer.add({ end, tokens, resolve, reject });
    });
  }

  async #askOn(line: ScriptClient, tokens: readonly string[]): Promise<WorkReply<J>> {
    this.#elsewhere.add(tokens);
    try {
      return await new Promise((resolve, reject) => {
        const requests = [{ end: undefined, tokens, resolve, reject }];
        this.#call(requests, line)
          .then((reply) => this.#answer(requests, reply))
          .catch(reject);
      });
    } finally {
      // They run by then.
      setImmediate(() => this.#elsewhere.delete(tokens));
    }
  }

  async #call(requests: readonly WorkRequest<J>[], client = this.#client): Promise<WorkAnswer> {
    const rest: ScriptArgument[] = [];
    let ends = 0;
    for (const { end, tokens } of requests) {
      if (end === undefined) continue;
      ends += 1;
      rest.push(end.kind, end.id, end.token, tokens[0] ?? '', ...end.words);
    }
    const tokensFrom = rest.length;
    for (const { end, tokens } of requests) if (end === undefined) rest.push(...tokens);
    const fetches = rest.length - tokensFrom;
    const { payloads } = this.#options;
    const now = this.#options.now?.() ?? '';
    const part = payloads?.part ?? 'fields';
    const args = { ...this.#args, now, ends, fetches, answer: payloads ? part : 'whole' };
    const reply = await fetchAndFinishScript.run(client, this.#keys, args, rest);
    const taken = reply.jobs;
    this.#queueLimits = reply.limits;
    this.#arriving.add(taken);
    return { ...reply, taken, jobs: payloads ? await payloads.complete(taken, part) : taken };
  }

  /** Gives each request its code and its share of the jobs, in the order in which the script took them. */
  #answer(requests: readonly WorkRequest<J>[], reply: WorkAnswer): void {
    const { codes, jobs, limitedForMs, nextDue, closed } = reply;
    this.#arriving.delete(reply.taken);
    const at = reply.now as EpochMs;
    const nextAt = nextDue > 0 ? (nextDue as EpochMs) : undefined;
    let taken = 0;
    const share = (tokens: readonly string[]): J[] => {
      const mine: J[] = [];
      for (const token of tokens) {
        const job = jobs[taken];
        if (job === undefined) break;
        mine.push(this.#options.decode(job, token, at));
        taken += 1;
      }
      return mine;
    };
    let ended = 0;
    for (const { end, tokens, resolve } of requests) {
      if (end === undefined) continue;
      const code = codes[ended++] ?? 0;
      resolve({ code, jobs: code === 0 ? share(tokens) : [], limitedForMs, closed, nextAt, at });
    }
    for (const { end, tokens, resolve } of requests) {
      if (end === undefined) resolve({ code: 0, jobs: share(tokens), limitedForMs, closed, nextAt, at });
    }
  }
}
