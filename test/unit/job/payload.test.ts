import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PayloadInvalidError, PayloadTooLargeError, validatePayload } from '../../../src/job/payload.js';

const order = z.object({
  orderId: z.string(),
  lines: z.array(z.object({ sku: z.string(), count: z.number().default(1) })).default([]),
});

/** A schema that finds the given faults, whatever it is given. */
function schemaOf(issues: readonly StandardSchemaV1.Issue[] | undefined, later = false): StandardSchemaV1 {
  const result = issues === undefined ? { value: 'checked' } : { issues };
  return { '~standard': { version: 1, vendor: 'test', validate: () => (later ? Promise.resolve(result) : result) } };
}

async function faultsOf(schema: StandardSchemaV1, payload: unknown): Promise<unknown> {
  const check = async () => validatePayload('send-receipt', schema, payload);
  const error = await check().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PayloadInvalidError);
  return (error as PayloadInvalidError).faults;
}

describe('validatePayload', () => {
  it('gives what the schema makes of the payload', async () => {
    expect(await validatePayload('send-receipt', order, { orderId: '42', lines: [{ sku: 'a' }], extra: true })).toEqual(
      {
        orderId: '42',
        lines: [{ sku: 'a', count: 1 }],
      },
    );
  });

  it('waits for a schema that answers later', async () => {
    expect(await validatePayload('send-receipt', schemaOf(undefined, true), {})).toBe('checked');
    expect(await faultsOf(schemaOf([{ message: 'no' }], true), {})).toEqual([{ path: '', message: 'no' }]);
  });

  it('says where each fault is', async () => {
    const faults = await faultsOf(order, { lines: [{ sku: 'a' }, {}, { sku: 3 }] });

    expect(faults).toEqual([
      { path: 'orderId', message: expect.any(String) },
      { path: 'lines[1].sku', message: expect.any(String) },
      { path: 'lines[2].sku', message: expect.any(String) },
    ]);
  });

  it.each<[StandardSchemaV1.Issue['path'], string]>([
    [undefined, ''],
    [[], ''],
    [['lines', 2, 'sku'], 'lines[2].sku'],
    [[2, 'sku'], '[2].sku'],
    [[{ key: 'lines' }, { key: 2 }], 'lines[2]'],
    [['a', Symbol('b')], 'a.Symbol(b)'],
  ])('writes the path %j as %j', async (path, expected) => {
    const issue = path === undefined ? { message: 'no' } : { message: 'no', path };

    expect(await faultsOf(schemaOf([issue]), {})).toEqual([{ path: expected, message: 'no' }]);
  });
});

describe('PayloadInvalidError', () => {
  it('names the kind and lists the faults', () => {
    const error = new PayloadInvalidError('send-receipt', [
      { path: 'to', message: 'not an address' },
      { path: '', message: 'too old' },
    ]);

    expect(error.message).toBe(
      'the payload of send-receipt does not fit its schema:\n  to: not an address\n  (payload): too old',
    );
    expect(error).toMatchObject({ code: 'BULWARK_PAYLOAD_INVALID', retryable: false, kind: 'send-receipt' });
  });

  it('says of many faults the first twenty, and how many more there are', () => {
    const faults = Array.from({ length: 23 }, (_, index) => ({ path: `lines[${index}]`, message: 'no' }));

    const error = new PayloadInvalidError('send-receipt', faults, ' at index 7');

    expect(error.message.split('\n')).toHaveLength(22);
    expect(error.message).toMatch(/^the payload of send-receipt at index 7 does not fit/);
    expect(error.message).toMatch(/… and 3 more$/);
    expect(error.faults).toHaveLength(23);
  });
});

describe('PayloadTooLargeError', () => {
  it('says how large the payload is, how large it may be and what to do', () => {
    const error = new PayloadTooLargeError('send-receipt', 2_000, 1_000);

    expect(error.message).toMatch(/send-receipt has 2000 bytes, at most 1000 .* reference .* job\.maxPayloadBytes$/);
    expect(error.details).toEqual({ kind: 'send-receipt', bytes: 2_000, limitBytes: 1_000 });
  });
});
