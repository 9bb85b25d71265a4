import { expect, it } from 'vitest';
import { shownValue } from '../../../src/board/shown-value.js';

it('blanks fields that are named like secrets, at any depth, and shows the rest', () => {
  const payload = { to: 'ada', Password: 'x', nested: [{ api_key: 'y', n: 1 }, null], url: 'http://host/' };

  expect(shownValue(payload)).toEqual({
    to: 'ada',
    Password: '[redacted]',
    nested: [{ api_key: '[redacted]', n: 1 }, null],
    url: 'http://host/',
  });
});

it.each<[string, unknown]>([
  ['texts', 'x'.repeat(5_000_000)],
  ['lists', Array.from({ length: 1_000_000 }, () => 1)],
  ['objects', Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [n, { n }]))],
  ['nested lists', JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`)],
  ['many long texts', Array.from({ length: 100_000 }, () => 'x'.repeat(2_000))],
])('cuts %s that are too large', (_title, payload) => {
  const text = JSON.stringify(shownValue(payload));

  expect(text).toContain('... cut');
  expect(text.length).toBeLessThan(20_000);
});
