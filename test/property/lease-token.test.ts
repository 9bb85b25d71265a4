import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leaseToken, workerOfToken } from '../../src/transport/lease-token.js';

it('for any worker and fetch, a lease token names the worker that it was made for', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(), (worker, number) => {
      expect(workerOfToken(leaseToken(worker, number))).toBe(worker);
    }),
  );
});

it('for any two fetches, lease tokens differ', () => {
  const anyFetch = fc.tuple(fc.stringMatching(/^[a-zA-Z0-9.-]+$/), fc.nat());

  fc.assert(
    fc.property(anyFetch, anyFetch, (one, other) => {
      fc.pre(one[0] !== other[0] || one[1] !== other[1]);

      expect(leaseToken(...one)).not.toBe(leaseToken(...other));
    }),
  );
});
