import { describe, expect, it } from 'vitest';
import { defineQueue, type QueueOptions } from '../../../src/job/define-queue.js';
import { DefinitionError } from '../../../src/job/definition-error.js';

describe('defineQueue', () => {
  it('fills in the defaults', () => {
    expect(defineQueue({ name: 'email' })).toEqual({
      name: 'email',
      criticality: 'sheddable_plus',
      sloMs: 300_000,
      group: 'default',
    });
  });

  it('keeps what is said, and cannot be changed afterwards', () => {
    const queue = defineQueue({
      name: 'email.v2_eu-1',
      criticality: 'critical',
      slo: '30s',
      group: 'mail',
      maxWaiting: 9,
    });

    expect(queue).toEqual({
      name: 'email.v2_eu-1',
      criticality: 'critical',
      sloMs: 30_000,
      group: 'mail',
      maxWaiting: 9,
    });
    expect(Object.isFrozen(queue)).toBe(true);
  });

  it.each<[string, QueueOptions, string]>([
    ['a name with a brace, which marks a hash tag', { name: 'e{mail}' }, `got "e{mail}"`],
    ['a name with a colon', { name: 'e:mail' }, 'a queue name must start with a letter or digit'],
    ['a name that starts with a dot', { name: '.email' }, 'a queue name must start with a letter or digit'],
    ['no name', { name: undefined as unknown as string }, 'a queue name must start with a letter or digit'],
    ['a group with a slash, which divides addresses', { name: 'email', group: 'a/b' }, 'queue email: group must start'],
    [
      'a budget of none',
      { name: 'email', maxWaiting: 0 },
      'queue email: maxWaiting must be a whole number from 1, got 0',
    ],
    ['the name of a dead-letter queue', { name: 'email.dead' }, `ends in '.dead'`],
    [
      'a mistyped criticality',
      { name: 'email', criticality: 'criticl' as 'critical' },
      'queue email: criticality must be one of critical_plus, critical, sheddable_plus, sheddable, got "criticl"; did you mean critical?',
    ],
    [
      'a misspelt option',
      { name: 'email', critcality: 'critical' } as QueueOptions,
      'queue email: critcality is not an option; did you mean criticality?',
    ],
    [
      'a name alone',
      'email' as unknown as QueueOptions,
      'queue: the argument must be an object of options, got a string',
    ],
    ['nothing', undefined as unknown as QueueOptions, 'queue: the argument must be an object of options, got nothing'],
    ['an slo that is none', { name: 'email', slo: 'soon' as '1s' }, 'queue email: slo: expected a duration'],
  ])('refuses %s', (_what, options, message) => {
    const define = () => defineQueue(options);

    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(message);
  });
});
