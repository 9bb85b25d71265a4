import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { chained, genesis, hashOf } from '../../../src/audit/chain.js';

it('gives each entry a number and the hash of the one before', () => {
  const first = chained({ what: 'queue.pause' }, genesis);
  const second = chained({ what: 'queue.resume' }, { seq: 1, hash: first['hash'] ?? '' });

  expect(first).toMatchObject({ seq: '1', prev: '0'.repeat(64) });
  expect(second).toMatchObject({ seq: '2', prev: first['hash'] });
});

it('hashes the canonical form: JSON with sorted names and no white space, without the hash', () => {
  const canonical = '{"at":"5","prev":"p","seq":"1","why":"a \\"bad\\" day\\n\u00fc"}';
  const expected = createHash('sha256').update(canonical).digest('hex');

  expect(hashOf({ why: 'a "bad" day\n\u00fc', seq: '1', prev: 'p', at: '5', hash: 'whatever' })).toBe(expected);
});

it('hashes a text as it comes back from Redis', () => {
  const entry = chained({ why: 'half a pair: \ud800' }, genesis);

  expect(entry['why']).toBe('half a pair: \ufffd');
  expect(hashOf(entry)).toBe(entry['hash']);
});
