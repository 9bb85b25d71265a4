import type { ResolvedRedisOptions } from '../config/option-types.js';
import { type HealthCheck, NotReadyError } from '../telemetry/health.js';
import { within } from '../time/deadline.js';
import { type RedisClient, redisAddress } from './connection.js';
import { evictionFinding } from './fitness.js';
import { readEvictionPolicy } from './redis-facts.js';

/** Whoever probes has given up after a second. */
const answerMs = 800;

/**
 * What a process needs of Redis to be ready: that it answers, and that it does not delete jobs when its memory is full. The policy is looked
 * at each time, because somebody may set it while the pool runs. `client` is undefined until there is a connection.
 */
export function redisChecks(
  redis: ResolvedRedisOptions,
  client: () => Pick<RedisClient, 'ping' | 'info'> | undefined,
): { readonly redis: HealthCheck; readonly eviction_policy: HealthCheck } {
  const ping = asked(async (connected) => connected.ping(), client);
  const policy = asked(readEvictionPolicy, client);
  const fix =
    'is it running, and can this host reach it? `bulwark doctor` looks closer; the process goes on by itself when it answers';
  return {
    redis: async () => {
      const answer = await ping();
      if (answer === 'not connected') throw new NotReadyError(`not connected yet to ${redisAddress(redis)}`, fix);
      if (answer === 'late') throw new NotReadyError(`${redisAddress(redis)} does not answer`, fix);
      return undefined;
    },
    eviction_policy: async () => {
      const answer = await policy();
      // That is for the other check to say.
      if (answer === 'not connected' || answer === 'late') return 'not known: Redis does not answer';
      const { level, detail, fix: setting = '' } = evictionFinding({ evictionPolicy: answer });
      if (level !== 'error') return detail;
      if (redis.allowEviction) return `${detail}; redis.allowEviction lets that pass`;
      throw new NotReadyError(detail, setting);
    },
  };
}

/** Asks, and does not ask again until there was an answer: probes come for as long as an outage lasts, and a client keeps what it could not send. */
function asked<C, T>(
  ask: (client: C) => Promise<T>,
  client: () => C | undefined,
): () => Promise<T | 'late' | 'not connected'> {
  let pending: Promise<T> | undefined;
  return async () => {
    const connected = client();
    if (connected === undefined) return 'not connected';
    pending ??= ask(connected).finally(() => {
      pending = undefined;
    });
    return within(answerMs, pending);
  };
}
