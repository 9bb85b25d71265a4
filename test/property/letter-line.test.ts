import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeLetter, encodeLetter, type RawLetter } from '../../src/dead-letter/letter-line.js';

const names = fc.oneof(
  fc.constantFrom('name', 'data', 'opts', 'timestamp', 'bwh', 'bwd', 'bws:charge', 'atm', '__proto__'),
  fc.string({ unit: 'binary' }),
);
const values = fc.oneof(
  fc.json().map((json) => Buffer.from(json)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
const someTexts = fc.array(
  fc.tuple(
    names,
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  ),
);
const text = fc.string({ unit: 'binary', minLength: 1 });

const letters: fc.Arbitrary<RawLetter> = fc.record({
  queue: text,
  deadId: text,
  id: text,
  diedAt: fc.integer({ min: 0 }),
  fields: fc.array(fc.tuple(names, values), { minLength: 1 }).map((entries) => new Map(entries)),
  logs: fc.array(fc.string({ unit: 'binary' })),
  processed: someTexts.map((entries) => new Map(entries)),
  failed: someTexts.map((entries) => new Map(entries)),
});

const sorted = ({ fields, processed, failed, ...rest }: RawLetter) => ({
  ...rest,
  parts: [fields, processed, failed].map((part) =>
    [...part].map(([name, bytes]) => [name, bytes.toString('hex')]).sort(),
  ),
});

it('for any letter, its line gives it back to the last byte, and is one line', () => {
  fc.assert(
    fc.property(letters, (letter) => {
      const line = encodeLetter(letter);
      const decoded = decodeLetter(line);

      expect(line).not.toMatch(/[\r\n]/);
      if ('fault' in decoded) throw new Error(decoded.fault);
      expect(sorted(decoded.value)).toEqual(sorted(letter));
    }),
  );
});

it('for any text, reading it as a line throws nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      decodeLetter(line);
    }),
  );
});
