import { describe, expect, it } from 'vitest';
import { maskUrl } from '../../../src/config/mask-url.js';

describe('maskUrl', () => {
  it.each([
    ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
    ['redis://app@host:6379/2', 'redis://app@host:6379/2'],
    ['redis://app:secret@host:6379/2', 'redis://app:***@host:6379/2'],
    ['rediss://:secret@host', 'rediss://:***@host'],
    ['redis://app:se/cr@et@host', 'redis://app:***@host'],
    ['redis://app:se?cret@host', 'redis://app:***@host'],
    ['redis://app:se\ncret@host', 'redis://app:***@host'],
    ['redis://host?password=secret&db=2', 'redis://host?password=***&db=2'],
    ['redis://host?db=2&sentinelPassword=secret', 'redis://host?db=2&sentinelPassword=***'],
    ['unix:/run/redis.sock', 'unix:/run/redis.sock'],
    ['redis:/app:secret@host', 'redis:***@host'],
    ['redis//app:secret@host', 'redis//app:***@host'],
    ['app:secret@host', 'app:***@host'],
    ['not an address', 'not an address'],
  ])('writes %j as %j', (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
  });
});
