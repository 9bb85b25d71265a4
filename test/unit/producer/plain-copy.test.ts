import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainCopy } from '../../../src/producer/plain-copy.js';

const room = 1_000_000;

class Money {
  readonly cents = 1;
}

const looped: { self?: unknown } = {};
looped.self = looped;

const telling = Object.assign([1], { toJSON: () => 'told' });

describe('a copy of plain data', () => {
  it('is written like the original', () => {
    const anything = fc.anything({ withNullPrototype: true, withSparseArray: true, withDate: true, withMap: true });
    fc.assert(
      fc.property(anything, (data) => {
        const copy = plainCopy({ data }, room);

        if (copy !== undefined) expect(JSON.stringify(copy)).toBe(JSON.stringify({ data }));
      }),
    );
  });

  it('is never longer than it may be', () => {
    fc.assert(
      fc.property(fc.object({ withSparseArray: true }), fc.nat(1_000), (data, most) => {
        const copy = plainCopy(data, most);

        if (copy !== undefined) expect(Buffer.byteLength(JSON.stringify(copy))).toBeLessThanOrEqual(most);
      }),
    );
  });

  it.each<[what: string, data: object]>([
    ['an order', { number: 1, customer: { id: 'a', vip: true }, lines: [{ sku: 'b', cents: 0.5 }], note: null }],
    ['nothing', {}],
    ['a list', [1, 'two', [3]]],
    ['what is left out', { a: undefined, b: [undefined] }],
    ['numbers that JSON does not know', { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: -0 }],
    ['text that has to be escaped', { 'a"\n': 'ü"\\\u2028\ud800' }],
    ['a list with holes', Object.assign([], { 1: 1 })],
  ])('is made of %s', (_what, data) => {
    expect(JSON.stringify(plainCopy(data, room))).toBe(JSON.stringify(data));
  });

  it('stays as it is when the original changes', () => {
    const data = { lines: [{ cents: 1 }] };

    const copy = plainCopy(data, room);
    data.lines.push({ cents: 2 });
    Object.assign(data.lines[0] ?? {}, { cents: 3 });

    expect(copy).toEqual({ lines: [{ cents: 1 }] });
  });

  it.each<[what: string, data: unknown]>([
    ['a text', 'text'],
    ['nothing at all', undefined],
    ['a date', { at: new Date(0) }],
    ['something of a class', { price: new Money() }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a BigInt', { a: 1n }],
    ['a function', { a: () => 1 }],
    ['what tells its JSON itself', { a: 1, toJSON: () => 'told' }],
    ['a list that tells its JSON itself', { list: telling }],
    [
      'what tells its JSON itself and does not show it',
      Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'told' }),
    ],
    [
      'what tells its JSON when it is asked',
      new Proxy({ a: 1 }, { get: (_data, name) => (name === 'toJSON' ? () => 'told' : 1) }),
    ],
    [
      'an object with many names',
      Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`sku-${index}`, index])),
    ],
    ['what goes round in circles', looped],
    ['a name that would change the copy', JSON.parse('{"__proto__":{"a":1}}')],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('not now');
        },
      },
    ],
  ])('is not made of %s', (_what, data) => {
    expect(plainCopy(data, room)).toBeUndefined();
  });

  it.each<[what: string, data: object]>([
    ['numbers', Array.from({ length: 100 }, () => -1.7976931348623157e308)],
    ['empty objects', Array.from({ length: 100 }, () => ({}))],
    ['empty lists', Array.from({ length: 100 }, () => [])],
    ['long names', { ['x'.repeat(1_000)]: null, ['y'.repeat(1_000)]: null }],
    ['control characters', { note: '\u0001'.repeat(1_000) }],
  ])('is not made when there is a byte too little for %s', (_what, data) => {
    const bytes = Buffer.byteLength(JSON.stringify(data));

    expect(plainCopy(data, bytes - 1)).toBeUndefined();
    expect(JSON.stringify(plainCopy(data, 7 * bytes))).toBe(JSON.stringify(data));
  });

  it('is not made of what may take more room than there is', () => {
    expect(plainCopy({ note: 'x'.repeat(1_000) }, 6_050)).toBeDefined();
    expect(plainCopy({ note: 'x'.repeat(1_000) }, 6_000)).toBeUndefined();
    expect(plainCopy({ list: Array.from({ length: 1_000 }, () => null) }, 1_000)).toBeUndefined();
  });
});
