import type { ConfigOverrides } from '../config/option-types.js';
import type { ResolvedConfig } from '../config/resolve.js';
import { isBulwarkError } from '../errors/bulwark-error.js';
import type { GlobalOptions } from './global-options.js';
import type { Output } from './output.js';
import { isRedisGiven } from './redis-given.js';
import type { RedisSession } from './redis-session.js';
import type { Settings } from './settings.js';

/**
 * What a command is given: its way to speak, its settings, and Redis when it asks for it.
 *
 * What is heavy is loaded when it is asked for: `--help` and a mistyped command answer at once.
 */
export class Cli {
  #settings: Settings | undefined;

  constructor(
    /** What was said to every command. */
    readonly globals: GlobalOptions,
    readonly output: Output,
  ) {}

  /** The command's settings, with the Redis of the pool in this folder where none is named. Throws ConfigError. */
  async settings(overrides?: ConfigOverrides): Promise<Settings> {
    const { resolveSettings } = await import('./settings.js');
    this.#settings = await resolveSettings(this.globals, overrides);
    return this.#settings;
  }

  /** The command's settings as they were given. Throws ConfigError. */
  async given(overrides?: ConfigOverrides): Promise<ResolvedConfig> {
    const { resolveGiven } = await import('./settings.js');
    return resolveGiven(this.globals, overrides);
  }

  /**
   * Connects, works, and closes the connection.
   *
   * @throws RedisUnavailableError when Redis cannot be reached or stops answering.
   */
  async withRedis<T>(work: (redis: RedisSession) => Promise<T>, settings?: Settings): Promise<T> {
    const { openRedisSession } = await import('./redis-session.js');
    const { asUnavailable } = await import('../redis/as-unavailable.js');
    const session = await openRedisSession((settings ?? (await this.settings())).values.redis);
    try {
      return await work(session);
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      await session.close();
    }
  }

  /** What to try after an error, where the error itself cannot know. */
  adviceOn(error: unknown): string | undefined {
    if (!isBulwarkError(error) || error.code !== 'BULWARK_REDIS_UNAVAILABLE' || !this.#settings) return undefined;
    const { values, sources, poolServer } = this.#settings;
    if (isRedisGiven(sources) || poolServer) return undefined;
    return `no pool runs in this folder (${values.pool.dataDir}): start one with \`npm start\` or \`bulwark up\`, or go where it runs`;
  }
}
