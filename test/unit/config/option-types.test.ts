import { describe, expect, expectTypeOf, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.js';
import type {
  ConfigOptions,
  ConfigOverrides,
  HttpOptions,
  JobLimitOptions,
  LogOptions,
  RedisOptions,
  ResolvedHttpOptions,
  ResolvedJobLimitOptions,
  ResolvedLogOptions,
  ResolvedOptions,
  ResolvedRedisOptions,
  ResolvedWorkerOptions,
  WorkerOptions,
} from '../../../src/config/option-types.js';
import type { OptionPath } from '../../../src/config/options.js';
import { resolveConfig, resolveSection } from '../../../src/config/resolve.js';
import type { DurationInput, DurationMs } from '../../../src/time/duration.js';

describe('the types that follow from the table', () => {
  it('let users write each kind of option in its ways', () => {
    expectTypeOf<WorkerOptions['leaseMs']>().toEqualTypeOf<DurationInput | undefined>();
    expectTypeOf<WorkerOptions['concurrency']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<WorkerOptions['jobs']>().toEqualTypeOf<readonly string[] | undefined>();
    expectTypeOf<'64KiB'>().toExtend<JobLimitOptions['maxResultBytes']>();
    expectTypeOf<'64KB'>().not.toExtend<JobLimitOptions['maxResultBytes']>();
    expectTypeOf<LogOptions['format']>().toEqualTypeOf<'auto' | 'json' | 'pretty' | undefined>();
    expectTypeOf<HttpOptions['enabled']>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<RedisOptions['url']>().toEqualTypeOf<string | undefined>();
  });

  it('give the program exact values', () => {
    expectTypeOf<ResolvedWorkerOptions['leaseMs']>().toEqualTypeOf<DurationMs>();
    expectTypeOf<ResolvedWorkerOptions['concurrency']>().toEqualTypeOf<number>();
    expectTypeOf<ResolvedWorkerOptions['jobs']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ResolvedJobLimitOptions['maxResultBytes']>().toEqualTypeOf<number>();
    expectTypeOf<ResolvedLogOptions['level']>().toEqualTypeOf<
      'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
    >();
    expectTypeOf<ResolvedHttpOptions['enabled']>().toEqualTypeOf<boolean>();
    expectTypeOf<ResolvedRedisOptions['url']>().toEqualTypeOf<string>();
  });

  it('make everything optional outside and nothing inside', () => {
    expectTypeOf<Record<never, never>>().toExtend<WorkerOptions>();
    expectTypeOf<Record<never, never>>().not.toExtend<ResolvedWorkerOptions>();
    expectTypeOf<ResolvedOptions>().toExtend<ConfigOptions>();
  });

  it('let flags give text where code must give the type', () => {
    expectTypeOf<{ worker: { concurrency: string } }>().toExtend<ConfigOverrides>();
    expectTypeOf<{ worker: { concurrency: string } }>().not.toExtend<ConfigOptions>();
  });

  it('know every path', () => {
    expectTypeOf<'worker.leaseMs'>().toExtend<OptionPath>();
    expectTypeOf<'worker.lease'>().not.toExtend<OptionPath>();
  });

  it('reach those who resolve', () => {
    expectTypeOf(resolveSection<'worker'>).returns.toEqualTypeOf<ResolvedWorkerOptions>();
    expectTypeOf(resolveConfig).returns.toHaveProperty('values').toEqualTypeOf<ResolvedOptions>();
  });

  it('refuse at compile time what is refused at run time', () => {
    // @ts-expect-error: an option that does not exist must not compile.
    expect(() => resolveSection('worker', { leese: '15s' })).toThrow(ConfigError);
    // @ts-expect-error: a duration with an unknown unit must not compile.
    expect(() => resolveSection('worker', { leaseMs: '15 parsecs' })).toThrow(ConfigError);
  });
});
