import { describe, expect, it } from 'vitest';
import { decodeLetter, encodeLetter, type RawLetter } from '../../../src/dead-letter/letter-line.js';

const fields = (given: Readonly<Record<string, string>>) =>
  new Map(Object.entries(given).map(([field, text]) => [field, Buffer.from(text)]));

const letter = (given: Partial<RawLetter> = {}): RawLetter => ({
  queue: 'email',
  deadId: '7~1',
  id: '7',
  diedAt: 1_000,
  fields: fields({ name: 'send', data: '{"to":"ada"}' }),
  logs: [],
  processed: new Map(),
  failed: new Map(),
  ...given,
});

describe('a line', () => {
  it('shows what is JSON as JSON, where other programs can read it', () => {
    const line = encodeLetter(
      letter({
        fields: fields({
          name: 'send',
          data: '{"to":"ada"}',
          opts: '{"attempts":3}',
          timestamp: '5',
          bwh: '[]',
          bwd: '{"reason":"poison"}',
          atm: '8',
        }),
        logs: ['one'],
      }),
    );

    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      v: 1,
      queue: 'email',
      deadId: '7~1',
      id: '7',
      diedAt: 1_000,
      name: 'send',
      data: { to: 'ada' },
      opts: { attempts: 3 },
      timestamp: 5,
      history: [],
      record: { reason: 'poison' },
      fields: { atm: '8' },
      logs: ['one'],
    });
  });

  it.each(['{ "to": 1 }', '{"n":12345678901234567890}', '1e400', 'no json', '', '{"2":1,"1":2}', 'undefined'])(
    'keeps %j as text, which JSON would not give back to the letter',
    (data) => {
      const line = encodeLetter(letter({ fields: fields({ data }) }));

      expect(JSON.parse(line)).toMatchObject({ fields: { data } });
      expect(decodeLetter(line)).toEqual({ value: letter({ fields: fields({ data }) }) });
    },
  );

  it('can be changed by whoever reads JSON', () => {
    const line = encodeLetter(letter()).replace('"ada"', '"bob"');

    expect(decodeLetter(line)).toEqual({
      value: letter({ fields: fields({ name: 'send', data: '{"to":"bob"}' }) }),
    });
  });
});

describe('decodeLetter', () => {
  const line = (given: object) =>
    JSON.stringify({ v: 1, queue: 'email', deadId: '7', id: '7', diedAt: 1, name: 'send', ...given });

  it.each<[string, string]>([
    ['', 'is not JSON'],
    ['7', 'is no JSON object'],
    ['[]', 'is no JSON object'],
    ['{}', 'is of version undefined; expected 1'],
    [line({ v: 2 }), 'is of version 2; expected 1'],
    [line({ queue: 7 }), 'has no queue; expected a text'],
    [line({ deadId: '' }), 'has no deadId; expected a text'],
    [line({ id: 'meta' }), 'has the id "meta", under which the queue keeps something else'],
    [line({ deadId: 'de:7' }), 'has the id "de:7", under which the queue keeps something else'],
    [line({ diedAt: '1' }), 'has the diedAt "1"; expected milliseconds'],
    [line({ name: 7 }), 'has the name 7; expected a text'],
    [line({ logs: [7] }), 'has logs that are no list of texts'],
    [line({ fields: { atm: 8 } }), 'has fields that are no object of texts'],
    [line({ processed: [] }), 'has processed that are no object of texts'],
    [line({ tenant: 'acme' }), 'has the unknown field "tenant"'],
    [line({ name: undefined }), 'has no job: no name, no data, no fields'],
  ])('refuses %j', (text, fault) => {
    expect(decodeLetter(text)).toEqual({ fault: expect.stringContaining(fault) });
  });
});
