import { describe, expect, it } from 'vitest';
import { encodeDirective, parseDirective } from '../../../src/shedding/directive.js';
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
      full: ['bulk'],
      gates: { bulk: 0 },
    });

    expect(parseDirective(encodeDirective(directive))).toEqual(directive);
  });

  it.each<[string, string | null]>([
    ['that nobody wrote', null],
    ['that is no JSON', '{'],
    ['that is no object', '7'],
    ['without a cut', written({ cut: null })],
    ['with a share that is text', written({ share: '0.9' })],
  ])('%s sheds nothing', (_what, text) => {
    expect(parseDirective(text)).toBeUndefined();
  });

  it('is followed only as far as a leader may go', () => {
    const text = written({
      share: 9,
      cut: 1e9,
      reason: 'whim',
      memoryShort: 7,
      full: [7],
      gates: { a: 1, b: -1, c: 'x', d: 0.5 },
    });

    expect(parseDirective(text)).toEqual(shedDirective({ share: 1, cut: highestCut, gates: { d: 0.5 } }));
  });
});
