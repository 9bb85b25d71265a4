import { describe, expect, it } from 'vitest';
import { directiveTtlMs, encodeDirective, parseDirective } from '../../../src/shedding/directive.js';
import { highestCut } from '../../../src/shedding/levels.js';
import { shedDirective } from '../../support/shed-directive.js';

const written = (changes: object) => JSON.stringify({ ...shedDirective(), ...changes });

describe('a directive', () => {
  it('is read as it was written', () => {
    const directive = shedDirective({
      share: 0.4,
      cut: 130,
      reason: 'overload',
      memoryShort: ['sheddable'],
      gates: { bulk: 0 },
    });

    expect(parseDirective(encodeDirective(directive), 5_000)).toEqual(directive);
  });

  it.each<[string, string | null, number]>([
    ['that nobody wrote', null, 0],
    ['that has expired', written({}), 10_000],
    ['that is no JSON', '{', 0],
    ['that is no object', '7', 0],
    ['without a cut', written({ cut: null }), 0],
    ['with a share that is text', written({ share: '0.9' }), 0],
  ])('%s sheds nothing', (_what, text, now) => {
    expect(parseDirective(text, now)).toBeUndefined();
  });

  it('is followed only as far as a leader may go', () => {
    const text = written({
      share: 9,
      cut: 1e9,
      expiresAt: 1e15,
      reason: 'whim',
      memoryShort: 7,
      gates: { a: 1, b: -1, c: 'x', d: 0.5 },
    });

    expect(parseDirective(text, 0)).toEqual(
      shedDirective({ share: 1, cut: highestCut, expiresAt: directiveTtlMs as never, gates: { d: 0.5 } }),
    );
  });
});
