import type { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import { DependencyTimeoutError } from './dependency-timeout-error.js';
import type { GuardedCall } from './guarded-call.js';

/** The code by which opossum refuses a call that is one too many. */
const lockedCode = 'ESEMLOCKED';

/**
 * What opossum does for us: it makes the calls, so many at once as the capacity allows, and ends those that take too long. Its own trip
 * rule is off, because it counts what says nothing of the dependency, opens on a single failure, and knows of one process alone.
 */
export class OpossumGate {
  readonly #settings: CircuitBreaker.Options & { timeout: number };
  readonly #breaker: CircuitBreaker<[GuardedCall<unknown>], unknown>;

  /** @param rotation emits `rotate` about once a second for all gates, so that none keeps a timer of its own. */
  constructor(name: string, capacity: number | undefined, rotation: EventEmitter) {
    this.#settings = {
      name,
      timeout: 0,
      ...(capacity !== undefined && { capacity }),
      errorThresholdPercentage: 100,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      resetTimeout: 2 ** 31 - 1,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: rotation,
      // Nobody reads its statistics: the shortest it can keep.
      rollingCountBuckets: 1,
      rollingCountTimeout: 1_000,
    };
    this.#breaker = new CircuitBreaker((call: GuardedCall<unknown>) => call.run(), this.#settings);
    const onTimeout = (_error: Error, _latencyMs: number, [call]: [GuardedCall<unknown>]) =>
      call.abort(new DependencyTimeoutError(name, call.timeoutMs));
    // The types of opossum's events lag behind: with the error come the latency and what the breaker was fired with.
    this.#breaker.on('timeout', onTimeout as (error: Error) => void);
  }

  /** Makes a call. Rejects with what its function throws, or with an error of opossum's when it took too long or was not made. */
  fire<T>(call: GuardedCall<T>): Promise<T> {
    // Every call may have a time of its own, and opossum looks up how long that is when a call begins.
    this.#settings.timeout = call.timeoutMs;
    return this.#breaker.fire(call as GuardedCall<unknown>) as Promise<T>;
  }

  /** Whether an error says that a call was not made because as many are under way as may be. */
  static isLocked(error: unknown): boolean {
    return error instanceof Error && CircuitBreaker.isOurError(error) && 'code' in error && error.code === lockedCode;
  }

  /** Makes no calls any more, and lets go of the rotation. */
  close(): void {
    this.#breaker.shutdown();
  }
}
