import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findSuspects } from '../../../../src/cli/doctor/find-suspects.js';

const seen = (...ids: string[]): Map<string, number> => {
  const times = new Map<string, number>();
  for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
};

const all = { allIds: true, allHashes: true };

it.each<[string, Parameters<typeof findSuspects>[0], string[]]>([
  ['suspects nobody when all is in order', { readings: [seen('a'), seen('a')], hashes: new Set('a'), ...all }, []],
  ['suspects a hash in no place', { readings: [seen(), seen()], hashes: new Set('a'), ...all }, ['a']],
  ['suspects an id without a hash', { readings: [seen('a'), seen('a')], hashes: new Set(), ...all }, ['a']],
  ['suspects an id in two places', { readings: [seen('a', 'a'), seen('a')], hashes: new Set('a'), ...all }, ['a']],
  [
    'lets a job be that came while the hashes were read',
    { readings: [seen(), seen('a')], hashes: new Set('a'), ...all },
    [],
  ],
  [
    'lets a job be that came after the hashes were read',
    { readings: [seen(), seen('a')], hashes: new Set(), ...all },
    [],
  ],
  [
    'lets a job be that ended while the ids were read again',
    { readings: [seen('a'), seen()], hashes: new Set('a'), ...all },
    [],
  ],
  [
    'suspects no hash of being in no place when not every place was read',
    { readings: [seen(), seen()], hashes: new Set('a'), allIds: false, allHashes: true },
    [],
  ],
  [
    'suspects no id of having no hash when not every hash was read',
    { readings: [seen('a'), seen('a')], hashes: new Set(), allIds: true, allHashes: false },
    [],
  ],
])('%s', (_title, reading, suspects) => {
  expect(findSuspects(reading)).toEqual(suspects);
});

it('for any jobs of which each is in one place, suspects nobody', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...'abcdefghij')),
      fc.array(fc.constantFrom('before', 'after', 'both'), { minLength: 10 }),
      (ids, when) => {
        const at = (moment: string) => ids.filter((_, index) => when[index] === moment || when[index] === 'both');
        const hashes = new Set([...at('before'), ...at('after')]);

        expect(findSuspects({ readings: [seen(...at('before')), seen(...at('after'))], hashes, ...all })).toEqual([]);
      },
    ),
  );
});
