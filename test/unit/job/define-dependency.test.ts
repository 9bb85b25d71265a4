import { describe, expect, it } from 'vitest';
import { type DependencyOptions, defineDependency } from '../../../src/job/define-dependency.js';
import { DefinitionError } from '../../../src/job/definition-error.js';

describe('defineDependency', () => {
  it('fills in the defaults', () => {
    expect(defineDependency({ name: 'smtp' })).toEqual({
      name: 'smtp',
      timeoutMs: 10_000,
      slowMs: 3_333,
      capacity: undefined,
      breaker: { openForMs: 2_000, openAtMostMs: 5_000, probe: undefined },
    });
  });

  it('keeps what is said, and cannot be changed afterwards', () => {
    const probe = async () => undefined;
    const smtp = defineDependency({
      name: 'smtp',
      timeout: '5s',
      slow: '5s',
      capacity: 3,
      breaker: { openFor: '5s', openAtMost: '1m', probe },
    });

    expect(smtp).toEqual({
      name: 'smtp',
      timeoutMs: 5_000,
      slowMs: 5_000,
      capacity: 3,
      breaker: { openForMs: 5_000, openAtMostMs: 60_000, probe },
    });
    expect(Object.isFrozen(smtp) && Object.isFrozen(smtp.breaker)).toBe(true);
  });

  it('has no breaker where none is wanted', () => {
    expect(defineDependency({ name: 'smtp', breaker: false })).toMatchObject({ breaker: false });
  });

  it('opens for as long as it was told the first time, where that is longer than the usual most', () => {
    expect(defineDependency({ name: 'smtp', breaker: { openFor: '1m' } })).toMatchObject({
      breaker: { openForMs: 60_000, openAtMostMs: 60_000 },
    });
  });

  it.each<[string, DependencyOptions, string]>([
    ['a name with a blank', { name: 'mail server' }, 'a dependency name must start with a letter or digit'],
    [
      'a misspelt option',
      { name: 'smtp', timout: '1s' } as DependencyOptions,
      'dependency smtp: timout is not an option; did you mean timeout?',
    ],
    ['nothing', undefined as unknown as DependencyOptions, 'dependency: the argument must be an object of options'],
    ['no time at all', { name: 'smtp', timeout: 0 }, 'dependency smtp: timeout must be above zero'],
    ['a timeout that is none', { name: 'smtp', timeout: 'x' as '1s' }, 'dependency smtp: timeout: expected a duration'],
    [
      'a timeout longer than a timer can run',
      { name: 'smtp', timeout: '25d' },
      'dependency smtp: timeout must be above zero and at most 24 days, got "25d"',
    ],
    [
      'a call that is slow only after it timed out',
      { name: 'smtp', timeout: '1s', slow: '2s' },
      'dependency smtp: slow must be at most the timeout, got timeout 1000 ms and slow 2000 ms',
    ],
    [
      'room for no call',
      { name: 'smtp', capacity: 0 },
      'dependency smtp: capacity must be a whole number of calls from 1, got 0',
    ],
    [
      'a breaker that is neither options nor false',
      { name: 'smtp', breaker: true } as unknown as DependencyOptions,
      'dependency smtp: breaker must be an object of options or false, got a boolean',
    ],
    [
      'a misspelt option of its breaker',
      { name: 'smtp', breaker: { openFr: '1s' } } as DependencyOptions,
      'dependency smtp: breaker.openFr is not an option; did you mean breaker.openFor?',
    ],
    [
      'a breaker that opens for longer than it may',
      { name: 'smtp', breaker: { openFor: '1m', openAtMost: '10s' } },
      'dependency smtp: breaker.openAtMost (10000 ms) must not be below breaker.openFor (60000 ms)',
    ],
  ])('refuses %s', (_what, options, message) => {
    const define = () => defineDependency(options);

    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(message);
  });
});
