import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../src/audit/chain.js';
import { entryOfLine, entryOfStream, lineOf } from '../../../src/audit/stored-entry.js';

describe('an entry of a stream', () => {
  it('is its number and its fields', () => {
    const entry = entryOfStream('20260304', ['12-0', ['what', 'queue.pause', 'seq', '12']]);

    expect(entry).toMatchObject({ place: '20260304', number: 12, fields: { what: 'queue.pause', seq: '12' } });
    expect(entryOfLine('a.jsonl:1', lineOf(entry))).toMatchObject({ number: 12, fields: { what: 'queue.pause' } });
  });

  it.each(['5-1', '0-1', 'x-0'])('has no number under the id %s', (id) => {
    expect(entryOfStream('20260304', [id, []]).number).toBeUndefined();
  });

  it('names the field that it has twice', () => {
    expect(entryOfStream('20260304', ['1-0', ['by', 'ada', 'by', 'eve']]).twice).toBe('by');
  });

  it('hides no field from its hash, whatever its name', () => {
    const plain = entryOfStream('20260304', ['1-0', ['by', 'ada']]);

    for (const name of ['__proto__', 'constructor', 'toString']) {
      const more = entryOfStream('20260304', ['1-0', ['by', 'ada', name, 'x']]);
      expect([more.twice, hashOf(more.fields) === hashOf(plain.fields)], name).toEqual([undefined, false]);
    }
  });
});

it.each(['', '{', '[]', 'null', '{"seq":1}', '{"seq":"01"}', 'notes'])(
  'the line %j of a file is none of ours',
  (line) => {
    expect(entryOfLine('a.jsonl:1', line).number).toBeUndefined();
  },
);
