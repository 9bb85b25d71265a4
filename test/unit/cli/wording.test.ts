import { expect, it } from 'vitest';
import { counted, shortened, spokenBytes, spokenDuration } from '../../../src/cli/wording.js';

it.each([
  [-5, '0ms'],
  [0, '0ms'],
  [850.4, '850ms'],
  [4_210, '4.2s'],
  [42_400, '42s'],
  [60_000, '1m'],
  [200_000, '3m 20s'],
  [7_500_000, '2h 5m'],
  [7_200_000, '2h'],
  [349_200_000, '4d 1h'],
])('says %d ms as %s', (ms, text) => {
  expect(spokenDuration(ms)).toBe(text);
});

it.each([
  [0, '0 jobs'],
  [1, '1 job'],
  [2, '2 jobs'],
])('counts %d as %s', (count, text) => {
  expect(counted(count, 'job')).toBe(text);
});

it.each([
  ['short', 'short'],
  ['exactly 10', 'exactly 10'],
  ['a little longer', 'a little …'],
])('cuts %s to %s', (text, cut) => {
  expect(shortened(text, 10)).toBe(cut);
});

it.each([
  [90 * 1024 ** 2, '90 MiB'],
  [1.5 * 1024 ** 3, '1.5 GiB'],
])('says %d bytes as %s', (bytes, text) => {
  expect(spokenBytes(bytes)).toBe(text);
});
