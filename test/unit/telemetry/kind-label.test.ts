import { describe, expect, it } from 'vitest';
import { createKindLabel } from '../../../src/telemetry/kind-label.js';

describe('createKindLabel', () => {
  it('keeps the kinds a process knows and counts every other as other', () => {
    const label = createKindLabel(['send-receipt']);

    expect(['send-receipt', 'garbage', ''].map(label)).toEqual(['send-receipt', 'other', 'other']);
  });

  it('keeps the first hundred when nothing is known', () => {
    const label = createKindLabel();

    const labels = Array.from({ length: 150 }, (_, index) => label(`kind-${index}`));

    expect(new Set(labels).size).toBe(101);
    expect(label('kind-0')).toBe('kind-0');
    expect(label('kind-149')).toBe('other');
  });

  it('never makes a label of something long', () => {
    expect(createKindLabel()('k'.repeat(101))).toBe('other');
  });
});
