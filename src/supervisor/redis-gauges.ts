import type { RedisInfo } from '../redis/redis-info.js';
import type { Metrics } from '../telemetry/metrics.js';

type RedisMetrics = Pick<Metrics, Extract<keyof Metrics, `redis${string}`>>;

/** What Redis counts since it started. */
type RedisCount = 'evictedKeys' | 'commandsRun';

/** Tells Prometheus what the leader sees of Redis, so that nobody needs a second exporter for it. */
export class RedisGauges {
  readonly #metrics: RedisMetrics;
  /** What Redis had counted at the last look. */
  #counted: Partial<Record<RedisCount, number>> = {};

  constructor(metrics: RedisMetrics) {
    this.#metrics = metrics;
  }

  tell(info: RedisInfo, roundTripMs: number): void {
    const metrics = this.#metrics;
    metrics.redisRoundTrip.observe(roundTripMs / 1000);
    metrics.redisMemoryUsed.set(info.usedMemoryBytes ?? 0);
    metrics.redisMemoryMax.set(info.maxMemoryBytes ?? 0);
    metrics.redisEvictionPolicy.clear();
    metrics.redisEvictionPolicy.set({ policy: info.evictionPolicy ?? 'unknown' }, 1);
    metrics.redisEvictedKeys.inc(this.#grown('evictedKeys', info));
    metrics.redisCommands.inc(this.#grown('commandsRun', info));
    metrics.redisConnectedClients.set(info.connectedClients ?? 0);
    metrics.redisBlockedClients.set(info.blockedClients ?? 0);
    metrics.redisMaxClients.set(info.maxClients ?? 0);
    metrics.redisUptime.set(info.uptimeSeconds ?? 0);
    metrics.redisPersistenceFailing.set(info.persistenceFails ? 1 : 0);
  }

  /** Takes back what was told, when somebody else leads. */
  clear(): void {
    const metrics = this.#metrics;
    this.#counted = {};
    for (const gauge of [
      metrics.redisMemoryUsed,
      metrics.redisMemoryMax,
      metrics.redisEvictionPolicy,
      metrics.redisConnectedClients,
      metrics.redisBlockedClients,
      metrics.redisMaxClients,
      metrics.redisUptime,
      metrics.redisPersistenceFailing,
    ])
      gauge.clear();
  }

  /** By how much Redis' count has grown since the last look. What it counted before the first one is not ours to tell. */
  #grown(count: RedisCount, info: RedisInfo): number {
    const now = info[count];
    if (now === undefined) return 0;
    const before = this.#counted[count] ?? now;
    this.#counted[count] = now;
    // A server that was started anew begins at 0.
    return now >= before ? now - before : now;
  }
}
