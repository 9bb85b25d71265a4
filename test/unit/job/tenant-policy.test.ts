import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../../src/job/define-queue.js';
import { DefinitionError } from '../../../src/job/definition-error.js';
import { readTenantOptions, shareOf, type TenantOptions } from '../../../src/job/tenant-policy.js';

describe('the tenants of a queue', () => {
  it('have no turns unless the queue says so', () => {
    expect(defineQueue({ name: 'email' }).tenants).toBeUndefined();
    expect(defineQueue({ name: 'email', tenants: {} }).tenants).toEqual({ weights: new Map(), maxSlots: undefined });
  });

  it.each([
    ['a tenant with a weight', 'acme', '3 acme'],
    ['any other tenant', 'globex corp', '1 globex corp'],
    ['those without a tenant, together', undefined, '1 '],
    ['a tenant that is called like a property of every object', 'constructor', '1 constructor'],
  ])('give a share to %s', (_who, tenant, share) => {
    const policy = readTenantOptions('queue email', { weights: { acme: 3 } });

    expect(shareOf(policy, tenant)).toBe(share);
  });

  it.each<[string, TenantOptions, string]>([
    ['a weight of none', { weights: { acme: 0 } }, 'the weight of "acme" must be a whole number from 1 to 100, got 0'],
    ['half a weight', { weights: { acme: 1.5 } }, 'must be a whole number from 1 to 100, got 1.5'],
    ['a weight beyond all others', { weights: { acme: 101 } }, 'must be a whole number from 1 to 100, got 101'],
    [
      'a list of weights',
      { weights: [1] as never },
      'queue email: tenants.weights must be an object of weights by tenant',
    ],
    ['no slot at all', { maxSlots: 0 }, 'queue email: tenants.maxSlots must be a whole number from 1, got 0'],
    ['a misspelt option', { wieghts: {} } as never, 'tenants.wieghts is not an option; did you mean tenants.weights?'],
    ['what is no object', 'fair' as never, 'queue email: tenants must be an object of options, got a string'],
  ])('are refused with %s', (_what, tenants, message) => {
    const define = () => defineQueue({ name: 'email', tenants });

    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(message);
  });
});
