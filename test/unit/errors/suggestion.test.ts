import { describe, expect, it } from 'vitest';
import { nearestWord } from '../../../src/errors/suggestion.js';

describe('nearestWord', () => {
  it.each<[string, readonly string[], string | undefined, string]>([
    ['concurency', ['concurrency', 'leaseMs'], 'concurrency', 'one letter left out'],
    ['sned-receipt', ['send-receipt'], 'send-receipt', 'two letters swapped'],
    ['Critical', ['critical', 'sheddable'], 'critical', 'another case'],
    ['mail', ['email', 'nail'], 'email', 'the first of two that are equally near'],
    ['emai', ['emails', 'email'], 'email', 'the nearer of two'],
    ['ab', ['xy'], undefined, 'a short word of which nothing is left'],
    ['webhook', ['document-digest'], undefined, 'nothing near'],
    ['email', [], undefined, 'nothing known'],
  ])('for %j among %j is %j: %s', (word, known, expected, _what) => {
    expect(nearestWord(word, known)).toBe(expected);
  });

  it('takes no time over a word of megabytes, which somebody may have written into Redis as a kind', () => {
    const startedAt = performance.now();

    const near = nearestWord('x'.repeat(5_000_000), ['send-receipt', 'webhook-deliver', 'document-digest']);

    expect(near).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
