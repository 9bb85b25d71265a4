import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyDigest } from '../../src/idempotency/identity.js';

const digestOf = (...[kind, tenant, key]: [string, string | undefined, string]) => keyDigest({ kind, tenant, key });

const anyIdentity = fc.tuple(fc.string(), fc.option(fc.string(), { nil: undefined }), fc.string());

it('for any two jobs with a key, the ids are equal exactly when kind, tenant and key are', () => {
  fc.assert(
    fc.property(anyIdentity, anyIdentity, (one, other) => {
      const same = one.every((part, index) => part === other[index]);

      expect(digestOf(...one) === digestOf(...other)).toBe(same);
      expect(digestOf(...one)).toBe(digestOf(...([...one] as typeof one)));
    }),
  );
});
