import type { Logger } from 'pino';
import { LeaseLostError } from '../job/lease-lost-error.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { queueKeys } from './queue-keys.js';
import type { RunningJobs } from './running-jobs.js';
import { giveBackStrays } from './stray-jobs.js';
import { leaseRenewScript } from './transition-scripts.js';

export interface LeaseKeeperOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  /** The worker that holds the leases. */
  readonly worker: string;
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
  readonly running: RunningJobs;
  /** Whether a job that does not run yet is about to. */
  readonly isArriving: (id: string, token: string) => boolean;
  readonly onRenewed: (result: 'renewed' | 'lost' | 'error', count: number) => void;
  readonly onError: (error: Error) => void;
  readonly log: Logger;
}

/** Renews the leases of the running jobs, and calls off the run of a job whose lease is lost. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #interval: NodeJS.Timeout | undefined;
  /** Set while a broken connection may still have a fetch in it that reaches Redis late. */
  #straysMayCome = false;
  #renewing = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#interval = setInterval(this.#onInterval, this.#options.leaseRenewMs);
    this.#options.client.on('ready', this.#onReconnected);
  }

  stop(): void {
    clearInterval(this.#interval);
    this.#options.client.off('ready', this.#onReconnected);
  }

  /** Gives back the jobs that Redis gave in an answer that was lost. While Redis is away that waits until it is back. */
  answerLost(): void {
    if (this.#options.client.status === 'ready') this.#giveBackStrays();
  }

  readonly #onInterval = (): void => {
    this.#renewNow();
    if (!this.#straysMayCome || this.#options.client.status !== 'ready') return;
    this.#straysMayCome = false;
    this.#giveBackStrays();
  };

  readonly #onReconnected = (): void => {
    // Leases may have run out while Redis was away: take them back before anybody else looks.
    this.#renewNow();
    this.#giveBackStrays();
    // A network that comes back delivers what it held, also on a connection that was given up, and maybe after this.
    this.#straysMayCome = true;
  };

  #giveBackStrays(): void {
    const { running, isArriving, onError } = this.#options;
    const isRunning = (id: string, token: string) => running.withToken(token)?.job.id === id || isArriving(id, token);
    giveBackStrays({ ...this.#options, isRunning }).catch(onError);
  }

  readonly #renewNow = (): void => {
    // While Redis is away a renewal waits for it; a second one would only wait behind it.
    if (this.#renewing) return;
    this.#renewing = true;
    this.#renew()
      .catch(this.#options.onError)
      .finally(() => {
        this.#renewing = false;
      });
  };

  async #renew(): Promise<void> {
    const { client, keyspace, queue, leaseMs, running, onRenewed } = this.#options;
    const runs = [...running];
    if (runs.length === 0) return;
    const { active, stalled, '': base } = queueKeys(keyspace, queue);
    const jobs = JSON.stringify(runs.map(({ job }) => ({ id: job.id, token: job.token, starts: job.starts })));
    let lost: readonly string[];
    try {
      lost = await leaseRenewScript.run(client, { active, stalled }, { base, lease: leaseMs, jobs });
    } catch (error) {
      onRenewed('error', runs.length);
      throw error;
    }
    if (runs.length > lost.length) onRenewed('renewed', runs.length - lost.length);
    for (const token of lost) {
      // A job that ended while the renewal was under way is not lost.
      const current = running.withToken(token);
      if (!current || !runs.includes(current)) continue;
      onRenewed('lost', 1);
      current.cancellation.abort(new LeaseLostError(current.job.id));
    }
  }
}
