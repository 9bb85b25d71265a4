import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jobIdOf } from '../../src/producer/producer.js';

const anyIdentity = fc.tuple(fc.string(), fc.option(fc.string(), { nil: undefined }), fc.string());

it('for any two jobs with a key, the ids are equal exactly when kind, tenant and key are', () => {
  fc.assert(
    fc.property(anyIdentity, anyIdentity, (one, other) => {
      const same = one.every((part, index) => part === other[index]);

      expect(jobIdOf(...one) === jobIdOf(...other)).toBe(same);
      expect(jobIdOf(...one)).toBe(jobIdOf(...([...one] as typeof one)));
    }),
  );
});
