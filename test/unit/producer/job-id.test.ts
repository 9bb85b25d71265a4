import { describe, expect, it } from 'vitest';
import { jobIdOf } from '../../../src/producer/producer.js';

describe('jobIdOf', () => {
  it('is the same for the same kind, tenant and key', () => {
    expect(jobIdOf('send-receipt', 'acme', 'order-42')).toBe(jobIdOf('send-receipt', 'acme', 'order-42'));
    expect(jobIdOf('send-receipt', undefined, 'order-42')).toBe(jobIdOf('send-receipt', undefined, 'order-42'));
  });

  it('is the id that is written into Redis already: it may not change from one release to the next', () => {
    expect(jobIdOf('send-receipt', 'acme', 'order-42')).toBe('b98edcc485a6f32672cd1b971cf6d6c6');
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
    expect(jobIdOf(...parts)).not.toBe(jobIdOf('send-receipt', 'acme', 'order-42'));
  });

  it("can be a BullMQ job's id, and tells nothing of the key", () => {
    const id = jobIdOf('send-receipt', 'acme', 'secret: 42');

    // BullMQ refuses ids that are whole numbers or hold a colon.
    expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});
