import type { OptionSources } from '../config/resolve.js';

/** Whether somebody said where Redis is: by its address, or by the sentinels that know it. */
export function isRedisGiven({ redis }: OptionSources): boolean {
  return redis.url.source !== 'default' || redis.sentinels.source !== 'default';
}
