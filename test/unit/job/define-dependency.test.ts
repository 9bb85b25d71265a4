import { describe, expect, it } from 'vitest';
import { type DependencyOptions, defineDependency } from '../../../src/job/define-dependency.js';
import { DefinitionError } from '../../../src/job/definition-error.js';

describe('defineDependency', () => {
  it('fills in the defaults', () => {
    expect(defineDependency({ name: 'smtp' })).toEqual({ name: 'smtp', timeoutMs: 10_000, slowMs: 3_333 });
  });

  it('keeps what is said, and cannot be changed afterwards', () => {
    const smtp = defineDependency({ name: 'smtp', timeout: '5s', slow: '5s' });

    expect(smtp).toEqual({ name: 'smtp', timeoutMs: 5_000, slowMs: 5_000 });
    expect(Object.isFrozen(smtp)).toBe(true);
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
  ])('refuses %s', (_what, options, message) => {
    const define = () => defineDependency(options);

    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(message);
  });
});
