import { describe, expect, it } from 'vitest';
import { parseJobMeta } from '../../../src/job/job-meta.js';

describe('parseJobMeta', () => {
  it('reads what a producer wrote', () => {
    const meta = {
      version: 2,
      key: 'order-42',
      tenant: 'acme',
      deadline: 1_700_000_000_000,
      producer: 'producer-1',
    };

    expect(parseJobMeta({ ...meta, unknown: true })).toEqual(meta);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a text', 'version'],
    ['a list', [1, 2]],
    ['an empty object', {}],
    ['fields of other types', { version: '2', key: 7, tenant: {}, deadline: '2026-01-01', producer: [] }],
    ['a version below one', { version: 0 }],
    ['a fraction of a version', { version: 1.5 }],
    ['a deadline that is no number', { deadline: Number.NaN }],
    ['a deadline without end', { deadline: Number.POSITIVE_INFINITY }],
    ['a deadline before there was time', { deadline: -1 }],
    ['a deadline beyond the calendar', { deadline: 8.64e15 + 1 }],
    ['a deadline far below the calendar', { deadline: -1e300 }],
  ])('makes nothing of %s', (_what, raw) => {
    expect(parseJobMeta(raw)).toEqual({});
  });

  it('keeps what it can read beside what it cannot', () => {
    expect(parseJobMeta({ version: -3, key: 'order-42' })).toEqual({ key: 'order-42' });
  });
});
