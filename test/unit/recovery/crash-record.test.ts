import { describe, expect, it } from 'vitest';
import { type CrashRecord, parseCrashRecord } from '../../../src/recovery/crash-record.js';
import type { EpochMs } from '../../../src/time/duration.js';

const endedAt = 1_000 as EpochMs;

describe('parseCrashRecord', () => {
  it.each<CrashRecord>([
    { exitCode: 1, signal: null, endedAt, lines: ['last words'] },
    { exitCode: null, signal: 'SIGSEGV', endedAt, lines: [] },
  ])('reads back %j', (record) => {
    expect(parseCrashRecord(JSON.stringify(record))).toEqual(record);
  });

  it.each([
    null,
    '',
    'no json',
    'null',
    '7',
    '[]',
    '{}',
    '{"endedAt":1}',
    '{"endedAt":"1","lines":[]}',
    '{"lines":[]}',
  ])('finds none in %j', (json) => {
    expect(parseCrashRecord(json)).toBeUndefined();
  });

  it('takes of a record that somebody else wrote what can be read', () => {
    const json = '{"endedAt":1000,"exitCode":"one","signal":9,"lines":["kept",{"toString":1},7]}';

    expect(parseCrashRecord(json)).toEqual({ exitCode: null, signal: null, endedAt, lines: ['kept'] });
  });
});
