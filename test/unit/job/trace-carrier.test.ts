import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCarrier,
  encodeCarrier,
  longestCarrier,
  parseCarrier,
  traceIdIn,
  traceparentIn,
} from '../../../src/job/trace-carrier.js';

const traceId = '0af7'.repeat(8);
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

describe('a carrier', () => {
  it.each(['child', 'linked'] as const)('keeps its headers and how the run stands to them: %s', (relation) => {
    const headers = { traceparent, tracestate: 'a=1', baggage: 'tenant=acme' };

    expect(decodeCarrier(encodeCarrier(headers, relation))).toEqual({ headers, relation });
  });

  it('is nothing where there is nothing to carry', () => {
    expect(encodeCarrier({}, 'linked')).toBeUndefined();
  });

  it('leaves baggage behind that is too long', () => {
    const carrier = encodeCarrier({ traceparent, baggage: 'x'.repeat(longestCarrier) }, 'linked');

    expect(decodeCarrier(carrier)).toEqual({ headers: { traceparent }, relation: 'linked' });
    expect(encodeCarrier({ baggage: 'x'.repeat(longestCarrier) }, 'child')).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', { traceparent }],
    ['a text longer than any', 'x'.repeat(longestCarrier + 1)],
  ])('is not %s', (_what, raw) => {
    expect(parseCarrier(raw)).toBeUndefined();
  });

  it('names its trace, when that is one', () => {
    const carrier = JSON.stringify({ traceparent });

    expect([traceIdIn(carrier), traceparentIn(carrier)]).toEqual([traceId, traceparent]);
  });

  it.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['a trace that only ends like one', JSON.stringify({ traceparent: `x${traceparent}` })],
    ['a trace that is cut off', JSON.stringify({ traceparent: `00-${traceId}` })],
    ['a trace that is a number', JSON.stringify({ traceparent: 7 })],
  ])('names no trace with %s', (_what, carrier) => {
    expect([traceIdIn(carrier), traceparentIn(carrier)]).toEqual([undefined, undefined]);
  });

  it('for anything that anybody wrote, is read as headers of text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const { headers } = decodeCarrier(text);

          expect(Object.values(headers).every((value) => typeof value === 'string')).toBe(true);
        },
      ),
    );
  });
});
