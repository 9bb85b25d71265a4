import type { ConfigOverrides } from '../config/option-types.js';
import { type ResolvedConfig, resolveConfig } from '../config/resolve.js';
import { findRunningServer } from '../redis/server/find-running.js';
import type { GlobalOptions } from './global-options.js';
import { isRedisGiven } from './redis-given.js';

/** Every option with its value and source, as the command line, the environment, the file and the defaults give them. */
export interface Settings extends ResolvedConfig {
  /** Set when `redis.url` is the address of the server that a pool in this folder runs. */
  readonly poolServer?: { readonly dataDir: string };
}

/**
 * Resolves the options of a command as they were given.
 *
 * @throws ConfigError with every fault.
 */
export function resolveGiven(globals: GlobalOptions, overrides: ConfigOverrides = {}): ResolvedConfig {
  return resolveConfig({
    file: globals.config,
    overrides: {
      ...overrides,
      redis: { url: globals.redis, namespace: globals.namespace },
    },
  });
}

/**
 * Resolves the options of a command that works with a pool. When nobody says where Redis is, it is where the pool of this
 * folder has it, so that a second terminal finds what `bulwark up` runs.
 *
 * @throws ConfigError with every fault.
 */
export async function resolveSettings(globals: GlobalOptions, overrides: ConfigOverrides = {}): Promise<Settings> {
  const { values, sources } = resolveGiven(globals, overrides);
  if (isRedisGiven(sources)) return { values, sources };
  const { dataDir } = values.pool;
  const url = await findRunningServer(dataDir);
  if (url === undefined) return { values, sources };
  return { values: { ...values, redis: { ...values.redis, url } }, sources, poolServer: { dataDir } };
}
