import { setTimeout as sleep } from 'node:timers/promises';
import { FleetStore } from '../../src/recovery/fleet-store.js';
import type { RedisClient } from '../../src/redis/connection.js';
import { Keyspace } from '../../src/redis/keyspace.js';

const lookMs = 200;

/** Workers of a pool that take jobs. */
export async function workersOf(client: RedisClient): Promise<number> {
  const fleet = await new FleetStore(client, new Keyspace('bulwark')).read();
  return fleet.filter(({ beat }) => beat?.state === 'running').length;
}

/** Looks at a pool now and then: how many workers it pays for, and how much waits in a queue. */
export class PoolGauge {
  readonly #client: RedisClient;
  readonly #waitKey: string;
  #isOn = false;
  #looking: Promise<void> | undefined;
  #workerSeconds = 0;
  #mostWaiting = 0;

  constructor(client: RedisClient, queue: string) {
    this.#client = client;
    this.#waitKey = new Keyspace('bulwark').queue(queue, 'wait');
  }

  /** Workers, each times the seconds that it was there. */
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
      const [workers, waiting] = await Promise.all([workersOf(this.#client), this.#client.llen(this.#waitKey)]);
      const now = performance.now();
      this.#workerSeconds += (workers * (now - before)) / 1_000;
      before = now;
      this.#mostWaiting = Math.max(this.#mostWaiting, waiting);
    }
  }
}
