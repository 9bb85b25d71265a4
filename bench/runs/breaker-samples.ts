import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { BreakerPhase } from '../../src/breaker/breaker-state.js';
import { BreakerStore } from '../../src/breaker/breaker-store.js';
import { Keyspace } from '../../src/redis/keyspace.js';

/** What the fleet's one breaker was at a moment of Redis' clock. */
export interface BreakerSample {
  readonly at: number;
  readonly phase: BreakerPhase;
}

const sampleEveryMs = 50;

/** Looks at the one breaker of a fleet again and again, until it is ended. */
export class BreakerSamples {
  readonly samples: BreakerSample[] = [];
  readonly #client: Redis;
  readonly #ended = new AbortController();
  readonly #loop: Promise<void>;

  constructor(redis: string) {
    this.#client = new Redis(redis);
    this.#loop = this.#look();
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#loop;
    this.#client.disconnect();
  }

  async #look(): Promise<void> {
    const store = new BreakerStore(this.#client, new Keyspace('bulwark'));
    while (!this.#ended.signal.aborted) {
      const { now, states } = await store.list();
      // One that nobody has heard of is closed.
      this.samples.push({ at: now, phase: states[0]?.phase ?? 'closed' });
      await sleep(sampleEveryMs);
    }
  }
}
