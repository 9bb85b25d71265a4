import { describe, expect, it } from 'vitest';
import { encodeResult } from '../../../src/worker/result.js';

const maxBytes = 1_024;

describe('encodeResult', () => {
  it.each<[unknown, string]>([
    [{ sent: true }, '{"sent":true}'],
    ['text', '"text"'],
    [null, 'null'],
    [undefined, 'null'],
    [() => 7, 'null'],
    [Symbol('x'), 'null'],
    [Number.NaN, 'null'],
    [new Date('2026-03-04T05:06:07Z'), '"2026-03-04T05:06:07.000Z"'],
  ])('writes %o as %s', (value, json) => {
    expect(encodeResult(value, maxBytes)).toEqual({ json });
  });

  it('keeps a result of exactly the bytes that are allowed', () => {
    const value = 'ä'.repeat((maxBytes - 2) / 2);

    expect(encodeResult(value, maxBytes).remark).toBeUndefined();
    expect(encodeResult(`${value}a`, maxBytes).remark).toBe(
      `the result has ${maxBytes + 1} bytes, at most ${maxBytes} are kept`,
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['goes round', roundTrip(), /circular/i],
    ['holds a BigInt', { count: 7n }, /BigInt/],
    [
      'throws when it is written',
      {
        toJSON: () => {
          throw new Error('hands off');
        },
      },
      /hands off/,
    ],
    [
      'throws nothing at all when it is written',
      {
        toJSON: () => {
          throw undefined;
        },
      },
      /undefined/,
    ],
  ])('puts a note in place of a result that %s', (_what, value, reason) => {
    const { json, remark } = encodeResult(value, maxBytes);

    expect(remark).toMatch(reason);
    expect(JSON.parse(json)).toEqual({ bulwark: 'result_dropped', reason: remark });
  });

  it('keeps the note within the bytes that are allowed, too', () => {
    const value = {
      toJSON: () => {
        throw new Error('m'.repeat(100_000));
      },
    };

    expect(Buffer.byteLength(encodeResult(value, maxBytes).json)).toBeLessThanOrEqual(maxBytes);
  });
});

function roundTrip(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}
