import { describe, expect, it } from 'vitest';
import { parseLetter, parseSummary } from '../../../src/dead-letter/parse-letter.js';
import type { EpochMs } from '../../../src/time/duration.js';

const place = { queue: 'email', deadId: '7~1', diedAt: 5 as EpochMs };
const record = {
  reason: 'poison',
  error: { class: 'permanent', name: 'E', code: 'X', message: 'boom', fingerprint: 'f00' },
  queue: 'email',
  id: '7',
  by: 'w1',
};

describe('parseSummary', () => {
  it('reads what Bulwark wrote', () => {
    const opts = JSON.stringify({ bw: { tenant: 'acme', key: 'k', version: 2 } });

    expect(parseSummary(place, { name: 'send', opts, bwd: JSON.stringify(record) })).toEqual({
      deadId: '7~1',
      id: '7',
      queue: 'email',
      kind: 'send',
      reason: 'poison',
      error: record.error,
      tenant: 'acme',
      key: 'k',
      version: 2,
      diedAt: 5,
    });
  });

  it('takes a plain BullMQ job by what BullMQ says, with the fingerprint its message has', () => {
    const letter = parseSummary(place, { name: 'send', failedReason: 'no paper' });

    expect(letter).toMatchObject({ id: '7~1', reason: 'unknown', error: { class: 'unknown', message: 'no paper' } });
    expect(letter.error.fingerprint).toMatch(/^[0-9a-f]{12}$/);
    expect(parseSummary(place, { failedReason: 'no paper' }).error.fingerprint).toBe(letter.error.fingerprint);
  });

  it.each([
    '',
    'no json',
    'null',
    '7',
    '[]',
    '"x"',
    '{"error":7}',
    '{"error":null,"id":7,"reason":[]}',
    '{"reason":"nonsense","id":""}',
  ])('shows a letter whose record is %j as unknown', (bwd) => {
    expect(parseSummary(place, { bwd, opts: 'null' })).toMatchObject({ id: '7~1', kind: '', reason: 'unknown' });
  });
});

describe('parseLetter', () => {
  it('reads steps and trail as far as they can be read', () => {
    const bws = JSON.stringify([{ name: 'charge', at: 3 }, 'mail', { at: 4 }, null]);
    const bwt = JSON.stringify([{ at: 1, what: 'redriven', by: 'ada@host' }, { what: 'x' }, 7]);

    expect(parseLetter(place, { bws, bwt })).toMatchObject({
      steps: [{ name: 'charge', at: 3 }, { name: 'mail' }],
      trail: [{ at: 1, what: 'redriven', by: 'ada@host' }],
    });
  });

  it.each(['no json', '7', '{}', 'null'])('shows none of either where %j stands', (written) => {
    expect(parseLetter(place, { bws: written, bwt: written })).toMatchObject({ steps: [], trail: [] });
  });
});
