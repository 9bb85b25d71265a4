import type { KeepJobs } from 'bullmq';
import type { Logger } from 'pino';
import type { Claim } from '../idempotency/claim.js';
import { EffectLedger } from '../idempotency/ledger.js';
import { Cancellation } from '../job/cancellation.js';
import type { Outcome } from '../job/outcome.js';
import { type RedisClient, rebuildConnection } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { within } from '../time/deadline.js';
import type { DurationMs } from '../time/duration.js';
import { BullmqBackend } from './bullmq-backend.js';
import type { FetchVerdict } from './decide-fetch.js';
import { FetchLoop } from './fetch-loop.js';
import { FetchWatchdog } from './fetch-watchdog.js';
import { decodeTakenJob, type FetchedJob } from './fetched-job.js';
import { JobSlots } from './job-slots.js';
import { LeaseKeeper } from './lease-keeper.js';
import { leaseToken } from './lease-token.js';
import { PayloadReader } from './payload-reader.js';
import { queueKeys } from './queue-keys.js';
import { type RunningJob, RunningJobs } from './running-jobs.js';
import { type Settled, Settlement } from './settlement.js';
import { type SlotLimiter, SlotLimits } from './slot-limits.js';
import { takeSuspect } from './take-suspect.js';
import { WorkBell } from './work-bell.js';
import { WorkCalls } from './work-calls.js';
import { workLayout } from './work-layout.js';

export interface QueueConsumerOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  /** The worker that holds the leases. */
  readonly worker: string;
  /** Whether the process runs jobs of no other queue. */
  readonly isAlone: boolean;
  /** What the worker's connections are called. */
  readonly connectionName: string;
  /** How many jobs run at once, at most. */
  readonly slots: number;
  /** How many of the slots are used at first. */
  readonly slotsAtFirst: number;
  /** Whether a job may be taken before a slot is free for it, while jobs are short. */
  readonly prefetch: boolean;
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
  /** How many jobs of one tenant run at once in the whole fleet, 0 for any number; undefined where tenants have no turns. */
  readonly tenantSlots?: number | undefined;
  /** Longest wait for work before asking again. */
  readonly fetchBlockMs: number;
  /** Which completed jobs stay. */
  readonly keepCompleted: KeepJobs;
  readonly keepAttempts: number;
  /** For how many ms the effect ledger keeps a key. */
  readonly keepKeysMs: DurationMs;
  /** Runs one attempt. It must not throw; what the handler threw is in the outcome. */
  readonly execute: (job: FetchedJob, cancellation: Cancellation) => Promise<Outcome>;
  /** How a job ends that is given back because it did not end in time. */
  readonly givenBack: Outcome;
  /** Told of every attempt that ended, after Redis knows. */
  readonly onSettled: (job: FetchedJob, outcome: Outcome, settled: Settled) => void;
  readonly onRenewed: (result: 'renewed' | 'lost' | 'error', count: number) => void;
  /** Told when fetches get no answer and nobody knows why: that the connection is rebuilt, or that it takes another process. */
  readonly onStuck: (action: Exclude<FetchVerdict, 'ok'>, silentMs: number) => void;
  readonly onError: (error: Error) => void;
  readonly log: Logger;
}

const noSlot: Outcome = { kind: 'interrupted', reason: 'no_slot' };
const heldUp: Outcome = { kind: 'interrupted', reason: 'blocked' };

/**
 * Takes jobs of one queue, at most `slots` at a time, and sees each one to its end in Redis.
 *
 * States: *idle* (made, not started) → *fetching* → *quiet* (takes no more; running jobs go on) → *stopped*.
 * A job is `running` from its fetch until Redis knows how it ended, and its lease is renewed for all of that time.
 */
export class QueueConsumer {
  readonly #options: QueueConsumerOptions;
  readonly #backend: BullmqBackend;
  readonly #bell: WorkBell;
  readonly #loop: FetchLoop;
  readonly #watchdog: FetchWatchdog;
  readonly #leases: LeaseKeeper;
  readonly #settlement: Settlement;
  readonly #ledger: EffectLedger;
  readonly #running = new RunningJobs();
  readonly #slots: JobSlots;
  readonly #limits: SlotLimits;
  readonly #stopped = new AbortController();
  #fetches = 0;
  #released = 0;
  /** Attempts that have not come to their end, those of forsaken jobs too. */
  #attempts = 0;
  readonly #whenNone: (() => void)[] = [];

  constructor(options: QueueConsumerOptions) {
    this.#options = options;
    this.#limits = new SlotLimits(options.slots);
    this.#backend = new BullmqBackend({
      client: options.client,
      keyspace: options.keyspace,
      queue: options.queue,
      leaseMs: options.leaseMs,
      workerName: options.worker,
      onError: options.onError,
    });
    this.#bell = new WorkBell({
      client: options.client,
      marker: queueKeys(options.keyspace, options.queue).marker,
      connectionName: `${options.connectionName}:${options.queue}`,
      onLost: () => this.#leases.answerLost(),
      onError: options.onError,
    });
    const layout = workLayout(options.keyspace.prefix(options.queue), options.queue);
    const payloads = new PayloadReader(options.client, layout.bases.base, options.onError);
    const calls = new WorkCalls({
      ...options,
      layout,
      payloads,
      decode: decodeTakenJob,
      // What is in hand travels as two calls.
      mostPerCall: Math.ceil((options.slotsAtFirst + (options.prefetch ? 1 : 0)) / 2),
    });
    this.#leases = new LeaseKeeper({
      ...options,
      running: this.#running,
      isArriving: (id, token) => calls.isArriving(id, token),
    });
    this.#ledger = new EffectLedger(options.client, options.keyspace, options.queue, options.keepKeysMs);
    this.#settlement = new Settlement({ ...options, calls, backend: this.#backend, ledger: this.#ledger });
    this.#loop = new FetchLoop({
      ...options,
      busy: () => this.#running.size,
      ahead: () => this.#slots.ahead,
      calls,
      bell: this.#bell,
      nextToken: () => this.#nextToken(),
      run: (jobs) => this.#run(jobs),
      onDry: () => this.#slots.ranDry(),
    });
    this.#slots = new JobSlots({
      slots: options.slots,
      limit: () => this.#loop.limit,
      prefetch: options.prefetch,
      queueLimits: () => calls.queueLimits,
      nextLease: () => this.#fetches,
      begin: (run) => void this.#seeThrough(run),
      onDoubt: (run) => void this.#giveBack(run, heldUp),
      onLate: (run) => void this.#giveBack(run, noSlot),
    });
    this.limitTo(options.slotsAtFirst, 'concurrency');
    this.#watchdog = new FetchWatchdog({
      fetchBlockMs: options.fetchBlockMs,
      isAsking: () => this.#loop.isAsking,
      isAway: () => options.client.status !== 'ready' && options.client.status !== 'end',
      answers: () => this.#loop.answers,
      onStuck: (action, silentMs) => this.#onStuck(action, silentMs),
    });
  }

  get queue(): string {
    return this.#options.queue;
  }

  get slots(): number {
    return this.#options.slots;
  }

  /** How many of its slots it may use now. */
  get usable(): number {
    return this.#loop.limit;
  }

  /** How many slots are taken. */
  get busy(): number {
    return Math.min(this.#running.size, this.slots);
  }

  /** The jobs that run now. */
  get running(): Iterable<RunningJob> {
    return this.#running;
  }

  /** What the guard of the worker reads, see `BegunLeases`. */
  get begun(): SharedArrayBuffer {
    return this.#slots.shared;
  }

  /** How long ago Redis last said whether there is work; undefined before the first time. While all slots are taken nobody asks. */
  get lastFetchMs(): number | undefined {
    const { answeredAt } = this.#loop;
    return answeredAt === undefined ? undefined : Math.round(performance.now() - answeredAt);
  }

  /** How many jobs it has given back because they did not end in time. */
  get released(): number {
    return this.#released;
  }

  start(): void {
    this.#loop.start();
    this.#leases.start();
    this.#watchdog.start();
  }

  /** Runs one job that was set aside to run alone, and takes no other. False when it does not wait for that any more. */
  async runAlone(jobId: string): Promise<boolean> {
    this.quiet();
    this.#leases.start();
    const job = await takeSuspect(this.#options, jobId, this.#nextToken());
    if (job) this.#run([job]);
    return job !== undefined;
  }

  /** Takes no more jobs. Running ones go on. */
  quiet(): void {
    if (this.#loop.isQuiet) return;
    this.#loop.quiet();
    // What was asked already may have an answer.
    void this.#loop.whenEnded().then(() => this.#bell.close());
  }

  /** Uses at most so many of its slots from now on, and fewer where another allows fewer. Running jobs go on. */
  limitTo(slots: number, by: SlotLimiter): void {
    this.#loop.limitTo(this.#limits.set(by, slots));
    this.#slots.limitChanged();
  }

  /** Tells how far a running job is, as BullMQ's `progress` event too. */
  async reportProgress(jobId: string, progress: number | object): Promise<void> {
    for (const running of this.#running) if (running.job.id === jobId) running.progress = progress;
    await this.#backend.updateProgress(jobId, progress);
  }

  /** Claims a key for a job that runs, which was written without one. Undefined when its lease is lost. */
  claimKey(job: FetchedJob, digest: string, fingerprint: string): Promise<Claim | undefined> {
    return this.#ledger.claim(job, digest, fingerprint);
  }

  /** Resolves when no job runs any more. Call `quiet` before. */
  async whenIdle(): Promise<void> {
    // Without Redis a fetch under way ends only with the connection; no job can come of it before that.
    if (this.#options.client.status === 'ready') await this.#loop.whenEnded();
    if (this.#attempts === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenNone.push(resolve);
    });
  }

  /** Aborts every running job. */
  interrupt(reason: Error): void {
    for (const running of this.#running) running.cancellation.abort(reason);
  }

  /** Aborts one running job; false when it does not run here. */
  cancel(jobId: string, reason: Error): boolean {
    const runs = [...this.#running].filter(({ job, forsaken }) => job.id === jobId && !forsaken);
    for (const run of runs) {
      run.cancellation.abort(reason);
      this.#slots.hurry(run);
    }
    return runs.some(({ forsaken }) => !forsaken);
  }

  /** Gives back what still runs, without using up an attempt. A handler that answers later is not listened to. */
  async release(): Promise<void> {
    const { givenBack } = this.#options;
    const next = this.#slots.takeNext();
    const left = [...this.#running].filter((running) => !running.forsaken && running !== next);
    await Promise.all([
      ...(next ? [this.#giveBack(next, givenBack)] : []),
      ...left.map(async (running) => {
        running.forsaken = true;
        const settled = await this.#settlement.settle(running.job, givenBack, undefined, this.#stopped.signal);
        this.#remove(running);
        this.#report(running.job, givenBack, settled);
      }),
    ]);
  }

  /** Ends everything at once: connections too. Call `quiet` and `release` before, or running jobs are left to the supervisor. */
  async stop(): Promise<void> {
    this.quiet();
    this.#bell.close();
    this.#stopped.abort();
    this.#leases.stop();
    this.#slots.stop();
    await this.#watchdog.stop();
    await within(1_000, this.#backend.close(true));
  }

  #onStuck(action: Exclude<FetchVerdict, 'ok'>, silentMs: number): void {
    const { client, log, onStuck } = this.#options;
    log.error({ queue: this.queue, silentMs, action, connection: client.status }, 'fetch.stuck');
    rebuildConnection(client);
    onStuck(action, silentMs);
  }

  #nextToken(): string {
    this.#slots.asks();
    return leaseToken(this.#options.worker, this.#fetches++);
  }

  /** Starts jobs. All of them count as running before the first handler does anything. */
  #run(jobs: readonly FetchedJob[]): void {
    const runs = jobs.map((job) => this.#running.add(job, new Cancellation()));
    this.#attempts += runs.length;
    for (const run of runs) this.#slots.enter(run);
  }

  /** One attempt from start to end: run the handler, tell Redis, take the next job into the same slot. Never rejects. */
  async #seeThrough(running: RunningJob): Promise<void> {
    const { job } = running;
    try {
      if (job.brokenFields.length > 0) await this.#settlement.mend(job);
      const planned =
        job.schedulerKey === undefined ? undefined : this.#settlement.continueSchedule(job, this.#stopped.signal);
      const outcome = await this.#options.execute(job, running.cancellation);
      // Before the job ends: if this worker died in between, nobody would plan the next run.
      if (planned !== undefined) await planned;
      if (running.forsaken) return;
      const nextToken = this.#loop.mayFollow ? this.#nextToken() : undefined;
      const settling = this.#settlement.settle(job, outcome, nextToken, this.#stopped.signal);
      this.#slots.leave(running);
      const settled = await settling;
      if (nextToken !== undefined && settled.kind === 'done') this.#loop.answered();
      if (nextToken !== undefined && settled.jobs.length === 0) this.#slots.ranDry();
      try {
        if (running.forsaken) return;
        this.#remove(running);
        this.#report(job, outcome, settled);
      } finally {
        // Last, because a handler may compute for a while before it waits for anything.
        this.#run(settled.jobs);
      }
    } catch (error) {
      // A job that is not seen through keeps no slot and no lease: it comes back like that of a dead worker.
      this.#remove(running);
      this.#options.onError(error as Error);
    } finally {
      this.#ended();
    }
  }

  /** Gives back a job that has not begun. Never rejects. */
  async #giveBack(running: RunningJob, outcome: Outcome): Promise<void> {
    running.forsaken = true;
    const settled = await this.#settlement.settle(running.job, outcome, undefined, this.#stopped.signal);
    this.#options.log.debug({ queue: this.queue, jobId: running.job.id, settled: settled.kind }, 'job.not_begun');
    this.#remove(running);
    this.#ended();
  }

  #remove(running: RunningJob): void {
    this.#running.remove(running);
    this.#slots.forget(running);
  }

  #ended(): void {
    this.#attempts -= 1;
    this.#loop.slotFreed();
    if (this.#attempts === 0) for (const resolve of this.#whenNone.splice(0)) resolve();
  }

  #report(job: FetchedJob, outcome: Outcome, settled: Settled): void {
    const written = settled.kind === 'done' ? (settled.instead ?? outcome) : outcome;
    if (written.kind === 'interrupted' && settled.kind === 'done') this.#released += 1;
    this.#options.onSettled(job, written, settled);
  }
}
