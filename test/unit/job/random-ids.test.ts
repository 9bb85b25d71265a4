import { describe, expect, it } from 'vitest';
import { newTraceparent, randomJobId } from '../../../src/job/random-ids.js';

describe('randomJobId', () => {
  it('gives 128 bits as hex, and never the same twice', () => {
    const ids = Array.from({ length: 10_000 }, randomJobId);

    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives no bits that a traceparent was made of', () => {
    const words = Array.from({ length: 1_000 }, () => [randomJobId(), newTraceparent().slice(3, 35)]).flat();

    expect(new Set(words).size).toBe(words.length);
  });
});

describe('newTraceparent', () => {
  it('is a W3C trace context that nobody sampled', () => {
    expect(newTraceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});
