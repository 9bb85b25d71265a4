import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CrashRecord, lastOf, parseCrashRecord } from '../../../src/recovery/crash-record.js';
import type { EpochMs } from '../../../src/time/duration.js';

const record: CrashRecord = {
  exitCode: null,
  signal: 'SIGKILL',
  startedAt: 1_000 as EpochMs,
  endedAt: 2_000 as EpochMs,
  lines: ['one', 'two'],
};

describe('parseCrashRecord', () => {
  it('reads what was written', () => {
    expect(parseCrashRecord(JSON.stringify(record))).toEqual(record);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['another document', '{"exitCode":1}'],
    ['a moment that is none', '{"endedAt":"yesterday"}'],
  ])('takes %s for no record', (_what, json) => {
    expect(parseCrashRecord(json)).toBeUndefined();
  });

  it('leaves out what is not as it should be', () => {
    const odd = { exitCode: '1', signal: 9, startedAt: -1, endedAt: 5, lines: ['one', 2, null] };

    expect(parseCrashRecord(JSON.stringify(odd))).toEqual({ exitCode: null, signal: null, endedAt: 5, lines: ['one'] });
  });

  it('for any JSON, answers a record or nothing', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const read = parseCrashRecord(json);
        expect(read === undefined || Array.isArray(read.lines)).toBe(true);
      }),
    );
  });
});

describe('lastOf', () => {
  it('keeps the last twenty lines', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);

    expect(lastOf(lines)).toEqual(lines.slice(10));
  });

  it('keeps the beginning of a last line that is too long alone', () => {
    expect(lastOf(['before', 'ü'.repeat(3_000)])).toEqual(['ü'.repeat(2_048)]);
  });

  it('for any lines, keeps at most 4 KiB of the last ones in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 2_000 })), (lines) => {
        const kept = lastOf(lines);
        expect(Buffer.byteLength(kept.join(''))).toBeLessThanOrEqual(4_096);
        if (kept.length !== 1) expect(kept).toEqual(lines.slice(lines.length - kept.length));
      }),
    );
  });
});
