import { RedisUnavailableError } from '../redis/redis-unavailable-error.js';
import { within } from '../time/deadline.js';
import type { Permit, ProbeOutcome, ProbeRequest } from './breaker-machine.js';
import type { Share } from './breaker-scripts.js';
import type { EvidenceReport } from './breaker-state.js';
import type { BreakerPicture, BreakerStore } from './breaker-store.js';

export interface FleetBreakersOptions {
  readonly store: Pick<BreakerStore, 'ask' | 'settle' | 'sync' | 'report' | 'ration'>;
  /** Whether there is a connection. */
  readonly isConnected: () => boolean;
  /** Names the leases: no other worker's begin so. */
  readonly worker: string;
  /** Told that a probe was settled: the breaker may be another one by now. */
  readonly onSettled: () => void;
  /** Told of what went wrong. Nobody waits for it: the leases of probes end by themselves. */
  readonly onError: (error: Error) => void;
}

/** A probe that the fleet has allowed. */
export interface FleetProbe {
  readonly token: string;
  readonly generation: number;
}

/** What is asked of the fleet: without a token for a new probe. */
export type FleetRequest = Omit<ProbeRequest, 'token'> & Partial<Pick<ProbeRequest, 'token'>>;

/** Longest wait for an answer: by then the worker goes on by itself. */
const answerMs = 1_000;

/**
 * The breakers of the fleet as one worker reaches them. No question takes longer than a second, and whoever asks learns whether there is
 * anybody to be asked: without Redis a worker has its own breakers.
 */
export class FleetBreakers {
  readonly #options: FleetBreakersOptions;
  readonly #settling = new Set<Promise<unknown>>();
  #probes = 0;
  #isSilent = false;

  constructor(options: FleetBreakersOptions) {
    this.#options = options;
  }

  /** Whether it answered last time, and there is a connection. */
  get isReachable(): boolean {
    return !this.#isSilent && this.#options.isConnected();
  }

  /**
   * Asks for a probe, or asks again when its call begins. Undefined when there was no answer in time: a lease that comes later is given back.
   */
  async ask(
    breaker: string,
    { leaseMs, openForMs, begins, token = this.#newToken() }: FleetRequest,
  ): Promise<FleetProbe | Exclude<Permit, { kind: 'probe' }> | undefined> {
    const asked = this.#ask(() => this.#options.store.ask(breaker, token, leaseMs, openForMs, begins));
    try {
      const permit = await this.#answerTo(asked);
      return permit.kind === 'probe' ? { token, generation: permit.generation } : permit;
    } catch {
      const giveBack = (permit: Permit) => {
        if (permit.kind === 'probe') this.settle(breaker, { token, generation: permit.generation }, 'ignored', 0);
      };
      asked.then(giveBack, () => undefined);
      return undefined;
    }
  }

  #newToken(): string {
    return `${this.#options.worker}:${this.#probes++}`;
  }

  /** Takes calls of a breaker that ramps. Undefined when there was no answer in time. */
  async ration(breaker: string, perSecond: number, wanted: number): Promise<Share | undefined> {
    try {
      return await this.#answerTo(this.#ask(() => this.#options.store.ration(breaker, perSecond, wanted)));
    } catch {
      return undefined;
    }
  }

  /** Tells what became of a probe, and does not wait for the answer. */
  settle(breaker: string, probe: FleetProbe, result: ProbeOutcome['result'], openForMs: number): void {
    const { store, onSettled, onError } = this.#options;
    const settling = store.settle(breaker, probe.token, probe.generation, result, openForMs).then(onSettled, onError);
    this.#settling.add(settling);
    void settling.finally(() => this.#settling.delete(settling));
  }

  /** What all breakers are, unless nothing has changed since `known`. Rejects when there is no answer. */
  sync(known: number | undefined): Promise<BreakerPicture | 'unchanged'> {
    return this.#answerTo(this.#ask(() => this.#options.store.sync(known)));
  }

  /** Tells the leader what the worker saw. Rejects when there is no answer. */
  report(report: EvidenceReport): Promise<void> {
    return this.#answerTo(this.#ask(() => this.#options.store.report(report)));
  }

  /** Resolves when every probe has been settled, or a second later. */
  async whenSettled(): Promise<void> {
    await within(answerMs, Promise.all(this.#settling));
  }

  /** Without a connection nothing is asked: it would lie in wait until there is one. */
  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#options.isConnected()) throw new RedisUnavailableError('there is no connection to Redis');
    return ask();
  }

  async #answerTo<T>(asked: Promise<T>): Promise<T> {
    try {
      const answer = await within(answerMs, asked);
      if (answer === 'late') throw new RedisUnavailableError(`Redis gave no answer within ${answerMs} ms`);
      this.#isSilent = false;
      return answer as T;
    } catch (error) {
      this.#isSilent = true;
      throw error;
    }
  }
}
