import { describe, expect, it } from 'vitest';
import { keyDigest, payloadFingerprint } from '../../../src/idempotency/identity.js';

const digestOf = (kind: string, tenant: string | undefined, key: string) => keyDigest({ kind, tenant, key });

describe('keyDigest', () => {
  it('is the same for the same kind, tenant and key', () => {
    expect(digestOf('send-receipt', 'acme', 'order-42')).toBe(digestOf('send-receipt', 'acme', 'order-42'));
    expect(digestOf('send-receipt', undefined, 'order-42')).toBe(digestOf('send-receipt', undefined, 'order-42'));
  });

  it('is the id that is written into Redis already: it may not change from one release to the next', () => {
    expect(digestOf('send-receipt', 'acme', 'order-42')).toBe('b98edcc485a6f32672cd1b971cf6d6c6');
  });

  it.each<[string, [string, string | undefined, string]]>([
    ['another kind', ['send-bill', 'acme', 'order-42']],
    ['another tenant', ['send-receipt', 'bcme', 'order-42']],
    ['no tenant', ['send-receipt', undefined, 'order-42']],
    ['a tenant that is called null', ['send-receipt', 'null', 'order-42']],
    ['another key', ['send-receipt', 'acme', 'order-43']],
    ['an empty key', ['send-receipt', 'acme', '']],
    ['parts that only look alike side by side', ['send-receipt', 'acme","order', '42']],
  ])('differs for %s', (_what, parts) => {
    expect(digestOf(...parts)).not.toBe(digestOf('send-receipt', 'acme', 'order-42'));
  });

  it("can be a BullMQ job's id, and tells nothing of the key", () => {
    const id = digestOf('send-receipt', 'acme', 'secret: 42');

    // BullMQ refuses ids that are whole numbers or hold a colon.
    expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('payloadFingerprint', () => {
  it.each<[string, unknown, unknown]>([
    ['the order of fields', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['fields without a value, which JSON leaves out', { a: 1 }, { a: 1, b: undefined }],
    ['what becomes the same JSON', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['nothing, which is written as null', undefined, null],
  ])('is equal whatever %s', (_what, one, other) => {
    expect(payloadFingerprint(1, one)).toBe(payloadFingerprint(1, other));
  });

  it.each<[string, unknown, unknown]>([
    ['values', { a: 1 }, { a: 2 }],
    ['types', { a: 1 }, { a: '1' }],
    ['the order of lists', [1, 2], [2, 1]],
    ['nothing and emptiness', null, {}],
  ])('tells %s apart', (_what, one, other) => {
    expect(payloadFingerprint(1, one)).not.toBe(payloadFingerprint(1, other));
  });

  it('begins with the version, and is what lies in Redis already: it may not change from one release to the next', () => {
    expect(payloadFingerprint(12, { orderId: '42', to: ['a', null] })).toBe('12.3qEH5NHy30xlX4zi');
  });
});
