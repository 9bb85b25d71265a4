import { expect, it } from 'vitest';
import { BreakerLabels } from '../../../src/breaker/breaker-label.js';

it('names dependencies, and the first two hundred breakers with a key', () => {
  const labels = new BreakerLabels();
  for (let n = 0; n < 200; n++) expect(labels.labelOf(`http/host-${n}`)).toBe(`http/host-${n}`);

  expect([labels.labelOf('http/one-more'), labels.labelOf('http/host-7'), labels.labelOf('smtp')]).toEqual([
    'http/*',
    'http/host-7',
    'smtp',
  ]);
});

it('has room again when breakers are no more', () => {
  const labels = new BreakerLabels();
  for (let n = 0; n < 200; n++) labels.labelOf(`http/host-${n}`);

  labels.keepOnly(new Set(['http/host-0']));

  expect(labels.labelOf('http/one-more')).toBe('http/one-more');
});
