import { describe, expect, it } from 'vitest';
import { PayloadReader } from '../../../src/transport/payload-reader.js';
import type { TakenJob } from '../../../src/transport/work-calls.js';

/** A job as the script answers it with this payload. */
const job = (id: string, payload: string): TakenJob => [
  '1',
  'kind',
  payload,
  '{}',
  '0',
  null,
  null,
  null,
  null,
  null,
  id,
];

/** A reader whose answers from Redis come, or fail, when the test says so. */
function startReader() {
  const asked: { readonly key: string; answer(payload: string | null): void; fail(error: Error): void }[] = [];
  const errors: Error[] = [];
  const client = {
    hget: (key: string) =>
      new Promise<string | null>((resolve, reject) => {
        asked.push({ key, answer: resolve, fail: reject });
      }),
  };
  const reader = new PayloadReader(client as never, 'base:', (error) => errors.push(error));
  return { reader, asked, errors };
}

describe('PayloadReader', () => {
  it('has small payloads come with their jobs', async () => {
    const { reader, asked } = startReader();

    for (let n = 0; n < 100; n++) await reader.complete([job(String(n), 'x'.repeat(1_000))], reader.part);

    expect(reader.part).toBe('fields');
    expect(asked).toEqual([]);
  });

  it('reads payloads beside the script once they are long, until they are short again', async () => {
    const { reader } = startReader();

    for (let n = 0; n < 100; n++) await reader.complete([job(String(n), 'x'.repeat(10_000))], 'fields');
    const long = reader.part;
    for (let n = 0; n < 100; n++) await reader.complete([job(String(n), 'x'.repeat(100))], 'fields');

    expect([long, reader.part]).toEqual(['head', 'fields']);
  });

  it('reads a payload from the job itself', async () => {
    const { reader, asked } = startReader();

    const completing = reader.complete([job('a', '')], 'head');
    asked[0]?.answer('{}');
    const [completed] = await completing;

    expect(asked[0]?.key).toBe('base:a');
    expect(completed?.[2]).toBe('{}');
  });

  it('gives up jobs whose payloads cannot be read, and tells why', async () => {
    const { reader, asked, errors } = startReader();
    const error = new Error('BUSY');

    const completing = reader.complete([job('a', ''), job('b', '')], 'head');
    asked[0]?.answer('{}');
    asked[1]?.fail(error);

    expect(await completing).toEqual([]);
    expect(errors).toEqual([error]);
  });
});
