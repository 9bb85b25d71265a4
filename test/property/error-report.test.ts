import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/dead-letter/fingerprint.js';
import { errorClasses } from '../../src/job/outcome.js';
import { classifyError } from '../../src/retry/classify.js';
import { reportError, truncateUtf8 } from '../../src/retry/error-report.js';
import type { EpochMs } from '../../src/time/duration.js';

/** Any text, halves of surrogate pairs included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
);

const unreadable = '(unreadable)';

/** Fields of an error: anything, and some that throw when they are read. */
const anyFields = fc.dictionary(
  fc.constantFrom(
    'name',
    'message',
    'stack',
    'code',
    'status',
    'cause',
    'response',
    'headers',
    'errors',
    'errorClass',
    'retryAfterMs',
  ),
  fc.oneof(fc.anything(), anyText, fc.double(), fc.constantFrom(unreadable, ...errorClasses)),
);

function errorWith(fields: Readonly<Record<string, unknown>>): Error {
  const error = new Error('message');
  // The stack is written when it is first asked for, with the name read then: before that name may throw.
  error.stack = String(error.stack);
  for (const [field, value] of Object.entries(fields)) {
    const get = (): unknown => {
      if (value === unreadable) throw new Error('hands off');
      return value;
    };
    Object.defineProperty(error, field, { get });
  }
  return error;
}

/** Built inside the property: fast-check could not show an error that throws when it is read. */
const anyThrown = fc.oneof(
  fc
    .anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withTypedArray: true,
    })
    .map((thrown) => ({ thrown })),
  anyText.map((thrown) => ({ thrown })),
  anyFields.map((fields) => ({ fields })),
);

const make = (input: { readonly thrown: unknown } | { readonly fields: Readonly<Record<string, unknown>> }): unknown =>
  'fields' in input ? errorWith(input.fields) : input.thrown;

function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString('utf8') === text;
}

describe('truncateUtf8', () => {
  it('for any text and bound, gives well-formed text that keeps the bound and the beginning', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 400 }), (text, maxBytes) => {
        const cut = truncateUtf8(text, maxBytes);

        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(isWellFormed(cut)).toBe(true);
        expect(
          Buffer.from(text)
            .toString('utf8')
            .startsWith(cut.replace(/… \(cut\)$/, '')),
        ).toBe(true);
      }),
    );
  });

  it('for any well-formed text within the bound, changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => truncateUtf8(text, Buffer.byteLength(text)) === text),
    );
  });
});

describe('reportError', () => {
  it('for anything thrown, gives a bounded, well-formed report', () => {
    fc.assert(
      fc.property(anyThrown, fc.constantFrom(...errorClasses), (input, errorClass) => {
        const report = reportError(make(input), errorClass, { maxErrorBytes: 200, maxStackBytes: 300 });

        expect(report.class).toBe(errorClass);
        expect(Buffer.byteLength(report.message)).toBeLessThanOrEqual(200);
        expect(Buffer.byteLength(report.stack ?? '')).toBeLessThanOrEqual(300);
        expect(Buffer.byteLength(report.name)).toBeLessThanOrEqual(100);
        expect(Buffer.byteLength(report.code ?? '')).toBeLessThanOrEqual(100);
        for (const text of [report.message, report.stack, report.name, report.code]) {
          expect(isWellFormed(text ?? '')).toBe(true);
        }
        expect(JSON.parse(JSON.stringify(report))).toEqual(report);
      }),
    );
  });
});

describe('classifyError', () => {
  it('for anything thrown, gives a known class and a wait that ends', () => {
    fc.assert(
      fc.property(anyThrown, (input) => {
        const verdict = classifyError(make(input), 1_700_000_000_000 as EpochMs);

        expect(errorClasses).toContain(verdict.class);
        expect(Number.isFinite(verdict.retryAfterMs ?? 0) && (verdict.retryAfterMs ?? 0) >= 0).toBe(true);
      }),
    );
  });
});

describe('fingerprintOf', () => {
  const word = fc.stringMatching(/^[g-z]{1,12}$/);
  const variable = fc.oneof(
    fc.nat().map(String),
    fc.uuid(),
    fc.stringMatching(/^[0-9a-f]{16,40}$/),
    word.map((text) => `"${text}"`),
  );
  /** A message with holes, and two ways to fill them: each hole with two values of the same sort. */
  const filledTwice = fc
    .array(fc.tuple(word, fc.oneof(fc.tuple(fc.nat(), fc.nat()), fc.tuple(fc.uuid(), fc.uuid()))), { maxLength: 30 })
    .map((parts) => {
      const fill = (which: 0 | 1): string => parts.map(([text, values]) => `${text} ${values[which]}`).join(' ');
      return [fill(0), fill(1)] as const;
    });

  it('for any message, does not depend on the numbers and ids in it', () => {
    fc.assert(
      fc.property(filledTwice, ([one, other]) => {
        expect(fingerprintOf('Error', undefined, one)).toBe(fingerprintOf('Error', undefined, other));
      }),
    );
  });

  it('for any two words, tells the messages apart that have one or the other', () => {
    fc.assert(
      fc.property(word, word, variable, (one, other, value) => {
        fc.pre(one !== other);

        expect(fingerprintOf('Error', undefined, `${value} ${one}`)).not.toBe(
          fingerprintOf('Error', undefined, `${value} ${other}`),
        );
      }),
    );
  });
});
