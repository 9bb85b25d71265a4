import type { RedisOptions, ResolvedRedisOptions } from './option-types.js';
import { resolveSection } from './resolve.js';

/** How code says where Redis is: an address, or the options of the section `redis`. */
export type RedisInput = string | RedisOptions;

/** @throws ConfigError when an option breaks its rule. */
export function resolveRedisInput(input: RedisInput | undefined): ResolvedRedisOptions {
  return resolveSection('redis', typeof input === 'string' ? { url: input } : (input ?? {}));
}
