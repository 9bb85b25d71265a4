import { describe, expect, it } from 'vitest';
import { decideVanished, type KnownWorker } from '../../../src/recovery/decide-vanished.js';

/** Workers w1, w2 …, of which those with the given numbers have lost their connection. */
function decide(size: number, ...gone: number[]): string {
  const known = Array.from(
    { length: size },
    (_, index): KnownWorker => ({ id: `w${index + 1}`, connection: index + 1 }),
  );
  const standing = new Set(
    known.map(({ connection }) => connection).filter((connection) => !gone.includes(connection)),
  );
  const decision = decideVanished(known, standing);
  return decision.kind === 'none' ? 'none' : `${decision.kind}: ${decision.workers.map(({ id }) => id).join(' ')}`;
}

describe('decideVanished', () => {
  it.each<[what: string, size: number, gone: number[], expected: string]>([
    ['nobody, where nobody is known', 0, [], 'none'],
    ['nobody, while all connections stand', 4, [], 'none'],
    ['the only worker', 1, [1], 'some: w1'],
    ['one of many', 4, [3], 'some: w3'],
    ['both of two', 2, [1, 2], 'some: w1 w2'],
    ['half of four', 4, [1, 4], 'some: w1 w4'],
    ['half of six, which are three', 6, [1, 2, 3], 'some: w1 w2 w3'],
    ['not three of three', 3, [1, 2, 3], 'mass: w1 w2 w3'],
    ['not most of five', 5, [1, 2, 3], 'mass: w1 w2 w3'],
  ])('takes for dead: %s', (_what, size, gone, expected) => {
    expect(decide(size, ...gone)).toBe(expected);
  });

  it('leaves connections of others out of it', () => {
    expect(decideVanished([{ id: 'w1', connection: 7 }], new Set([1, 2, 3, 7]))).toEqual({ kind: 'none' });
  });
});
