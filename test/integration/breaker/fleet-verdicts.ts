import type { TripVerdict } from '../../../src/breaker/breaker-machine.js';
import { BreakerStore } from '../../../src/breaker/breaker-store.js';
import type { TestPool } from '../worker-pool/test-pool.js';

/** Decides in the place of a leader, in the very Redis that the workers of a test look at. */
export class FleetVerdicts {
  readonly store: BreakerStore;
  readonly #pool: TestPool;

  constructor(pool: TestPool) {
    this.#pool = pool;
    this.store = new BreakerStore(pool.client, pool.keyspace);
  }

  async trip(name: string, verdict: Partial<TripVerdict> = {}): Promise<void> {
    await this.#pool.client.hset(this.#pool.keyspace.leader, 'epoch', 1);
    const { generation = 0 } = (await this.state(name)) ?? {};
    const whole: TripVerdict = {
      generation,
      reason: 'failure_rate',
      openForMs: 60_000,
      callsPerSecond: 0,
      callers: 1,
      ...verdict,
    };
    const reply = await this.store.trip(name, whole, 1);
    if (reply !== 'tripped') throw new Error(`${name} was not tripped: ${reply}`);
  }

  async state(name: string) {
    return (await this.store.list()).states.find((state) => state.name === name);
  }
}
