import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shareLines } from '../../../../src/cli/top/share-lines.js';

it.each<[string, number, number[], number[]]>([
  ['gives everything where there is room', 20, [4, 3], [4, 3]],
  ['gives each a title and a row first', 4, [9, 9], [2, 2]],
  ['leaves out what matters least', 5, [9, 9, 9], [3, 2, 0]],
  ['lets all grow in turn', 10, [9, 3, 9], [4, 3, 3]],
  ['gives what one does not need to the others', 12, [2, 2, 9], [2, 2, 8]],
  ['gives nothing where there is no room', 1, [9], [0]],
])('%s', (_title, room, wants, shares) => {
  expect(shareLines(room, wants)).toEqual(shares);
});

it('never gives more than there is, nor more than is wanted', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.array(fc.integer({ min: 2, max: 30 }), { maxLength: 6 }), (room, wants) => {
      const shares = shareLines(room, wants);

      expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(room);
      for (const [index, share] of shares.entries()) {
        expect(share).toBeLessThanOrEqual(wants[index] ?? 0);
        expect(share).not.toBe(1);
      }
    }),
  );
});
