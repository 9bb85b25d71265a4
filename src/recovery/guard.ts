import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { ResolvedRedisOptions } from '../config/option-types.js';
import type { ClientSettings } from '../redis/client.mjs';
import { clientSettings } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { Service } from '../service/service.js';
import { within } from '../time/deadline.js';
import { leaseTokenPrefix } from '../transport/lease-token.js';
import { queueKeys } from '../transport/queue-keys.js';
import { releaseKeys, releaseScript } from '../transport/transition-scripts.js';
import { connectionName } from './connections.js';
import { beatTtlMs, headFirst, type WorkerBeat } from './worker-beat.js';

const keepLeasesScript = defineScript({
  file: new URL('./lua/keep-leases.lua', import.meta.url),
  keys: ['active', 'stalled'],
  args: ['base', 'prefix', 'lease'],
  reply: (raw) => raw as [id: string, kind: string, startedAt: string, token: string][],
});

/** What the thread is told when it starts. */
export interface GuardOrders {
  readonly connection: ClientSettings;
  /** When the main thread's event loop last turned, in ns of the monotonic clock. */
  readonly stamp: SharedArrayBuffer;
  readonly blockedAfterMs: number;
  /** After so long the thread gives up: the jobs come back like those of a dead worker. */
  readonly blockedMaxMs: number;
  /** Whether it ends the process then. */
  readonly killsProcess: boolean;
  readonly givesBack: boolean;
  readonly renewMs: number;
  readonly beatMs: number;
  readonly beatTtlMs: number;
  readonly leaseMs: number;
  readonly tokenPrefix: string;
  readonly queues: readonly {
    readonly name: string;
    readonly active: string;
    readonly stalled: string;
    readonly base: string;
    /** Which of the worker's jobs have begun, see `BegunLeases`. */
    readonly begun: SharedArrayBuffer;
    /** What the release of a job touches beside the job. */
    readonly releaseKeys: readonly string[];
  }[];
  /** The worker's id, and what it beats to. */
  readonly fleet: { readonly id: string; readonly worker: string; readonly workers: string };
  /** The texts of the scripts. */
  readonly keepLeases: string;
  readonly release: string;
}

export interface GuardedQueue {
  readonly name: string;
  /** Which of the worker's jobs have begun, see `BegunLeases`. */
  readonly begun: SharedArrayBuffer;
}

export interface GuardOptions {
  /** The worker it guards. */
  readonly worker: string;
  readonly redis: ResolvedRedisOptions;
  readonly keyspace: Keyspace;
  readonly queues: readonly GuardedQueue[];
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
  readonly beatMs: number;
  readonly blockedMaxMs: number;
  /** Whether the process is ended that is blocked for longer: somebody starts another. */
  readonly killsProcess: boolean;
  /** Whether jobs that have not begun go back while the loop is blocked. */
  readonly givesBack: boolean;
  readonly log: Logger;
}

/** A worker whose loop held up so many beats is blocked: well before its silence would be taken for death. */
const missedBeats = 2;
/** And well before its leases run out: after this part of one. */
const leasePart = 1 / 3;
/** The loop is to have turned a few times before it counts as blocked. */
const turnsPerBlock = 8;
/** Before a thread that ended is replaced. */
const restartMs = 5_000;
/** It holds a connection and one beat. */
const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };

/**
 * A thread beside the worker, with a connection of its own, that stands in for it while a handler blocks the event loop: it keeps the
 * leases and beats, as *blocked*. So the worker is not taken for dead, and what it runs is not run twice, up to a bound. A job that has
 * not begun goes back to its queue. While the loop turns, the thread asks Redis nothing.
 */
export class Guard implements Service {
  readonly #options: GuardOptions;
  readonly #stamp = new SharedArrayBuffer(8);
  readonly #blockedAfterMs: number;
  #thread: Worker | undefined;
  #turning: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #lastBeat: object | undefined;
  #stopped = false;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#blockedAfterMs = Math.min(missedBeats * options.beatMs, leasePart * options.leaseMs);
  }

  start(): void {
    if (this.#turning !== undefined) return;
    this.#turn();
    this.#turning = setInterval(this.#turn, this.#blockedAfterMs / turnsPerBlock).unref();
    this.#spawn();
  }

  /** Tells it what to go on telling while the worker cannot. */
  told(beat: WorkerBeat): void {
    this.#lastBeat = headFirst(beat);
    this.#thread?.postMessage(this.#lastBeat);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#turning);
    clearTimeout(this.#restart);
    if (this.#thread) await within(500, this.#thread.terminate());
  }

  readonly #turn = (): void => {
    Atomics.store(new BigInt64Array(this.#stamp), 0, process.hrtime.bigint());
  };

  readonly #spawn = (): void => {
    const { log } = this.#options;
    const thread = new Worker(new URL('./guard-thread.mjs', import.meta.url), {
      name: 'bulwark-guard',
      workerData: this.#orders(),
      execArgv: [],
      resourceLimits,
    });
    thread.unref();
    thread.once('error', (error) => log.error({ err: error }, 'guard.failed'));
    thread.once('exit', () => {
      if (!this.#stopped) this.#restart = setTimeout(this.#spawn, restartMs).unref();
    });
    if (this.#lastBeat) thread.postMessage(this.#lastBeat);
    this.#thread = thread;
  };

  #orders(): GuardOrders {
    const { worker, redis, keyspace, queues, leaseMs, leaseRenewMs, beatMs, blockedMaxMs, killsProcess, givesBack } =
      this.#options;
    return {
      // Whoever blocks the loop for longer than Redis is away is still to be guarded: it goes on asking.
      connection: clientSettings(redis, `${connectionName(worker)}:guard`, 'patient'),
      stamp: this.#stamp,
      blockedAfterMs: this.#blockedAfterMs,
      blockedMaxMs,
      killsProcess,
      givesBack,
      renewMs: leaseRenewMs,
      beatMs,
      beatTtlMs,
      leaseMs,
      tokenPrefix: leaseTokenPrefix(worker),
      queues: queues.map(({ name, begun }) => {
        const { active, stalled, '': base } = queueKeys(keyspace, name);
        const { job: _job, ...others } = releaseKeys(keyspace, name, '');
        return { name, active, stalled, base, begun, releaseKeys: Object.values(others) };
      }),
      fleet: { id: worker, worker: keyspace.worker(worker), workers: keyspace.workers },
      keepLeases: keepLeasesScript.source,
      release: releaseScript.source,
    };
  }
}
