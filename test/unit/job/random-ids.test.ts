import { describe, expect, it } from 'vitest';
import { randomJobId } from '../../../src/job/random-ids.js';

describe('randomJobId', () => {
  it('gives 128 bits as hex, and never the same twice', () => {
    const ids = Array.from({ length: 10_000 }, randomJobId);

    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
