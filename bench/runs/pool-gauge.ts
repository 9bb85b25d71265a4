import { setTimeout as sleep } from 'node:timers/promises';
import { FleetStore } from '../../src/recovery/fleet-store.js';
import type { RedisClient } from '../../src/redis/connection.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { childCommands } from '../process-figures.js';

const lookMs = 200;

/** Workers of a pool that take jobs. */
export async function workersOf(client: RedisClient): Promise<number> {
  const fleet = await new FleetStore(client, new Keyspace('bulwark')).read();
  return fleet.filter(({ beat }) => beat?.state === 'running').length;
}

export interface PoolGaugeOptions {
  readonly client: RedisClient;
  readonly queue: string;
  /** The process that keeps the workers. */
  readonly keeper: number;
}

/** Looks at a pool now and then: how many workers it pays for, and how much waits in a queue. */
export class PoolGauge {
  readonly #client: RedisClient;
  readonly #keeper: number;
  readonly #waitKey: string;
  #isOn = false;
  #looking: Promise<void> | undefined;
  #workerSeconds = 0;
  #mostWaiting = 0;

  constructor({ client, queue, keeper }: PoolGaugeOptions) {
    this.#client = client;
    this.#keeper = keeper;
    this.#waitKey = new Keyspace('bulwark').queue(queue, 'wait');
  }

  /** Processes of workers, each times the seconds that it was there: those that begin or end take no jobs, and cost as much. */
  get workerSeconds(): number {
    return this.#workerSeconds;
  }

  get mostWaiting(): number {
    return this.#mostWaiting;
  }

  start(): void {
    this.#isOn = true;
    this.#looking ??= this.#look();
    // Whoever stops it is told.
    this.#looking.catch(() => undefined);
  }

  /** Resolves when it looks no more; rejects when a look has failed. Safe to call twice. */
  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#looking;
  }

  async #look(): Promise<void> {
    let before = performance.now();
    while (this.#isOn) {
      await sleep(lookMs);
      const waiting = await this.#client.llen(this.#waitKey);
      const workers = childCommands(this.#keeper).filter((words) => words.includes('worker')).length;
      const now = performance.now();
      this.#workerSeconds += (workers * (now - before)) / 1_000;
      before = now;
      this.#mostWaiting = Math.max(this.#mostWaiting, waiting);
    }
  }
}
