import { describe, expect, it } from 'vitest';
import { parseOrder, type WorkerOrder } from '../../../src/recovery/order.js';

const job = { queue: 'email', jobId: '42' } as const;

describe('parseOrder', () => {
  it.each<WorkerOrder>([
    { kind: 'quiet' },
    { kind: 'drain' },
    { kind: 'restart' },
    { kind: 'cancel', ...job, why: 'wrong address' },
    { kind: 'isolate', ...job },
  ])('reads back $kind', (order) => {
    expect(parseOrder(JSON.stringify(order))).toEqual(order);
  });

  it('lets a job be called off without a reason', () => {
    expect(parseOrder(JSON.stringify({ kind: 'cancel', ...job }))).toEqual({
      kind: 'cancel',
      ...job,
      why: 'cancelled',
    });
  });

  it('takes nothing that does not belong to the order', () => {
    expect(parseOrder(JSON.stringify({ kind: 'quiet', ...job, why: 'x', also: 1 }))).toEqual({ kind: 'quiet' });
  });

  it.each([
    '',
    'no json',
    'null',
    '7',
    '"quiet"',
    '[]',
    '{}',
    '{"kind":"explode"}',
    '{"kind":["quiet"]}',
    '{"kind":"cancel"}',
    '{"kind":"cancel","queue":"email"}',
    '{"kind":"cancel","queue":"email","jobId":42}',
    '{"kind":"isolate","queue":{},"jobId":"42"}',
  ])('finds none in %s', (json) => {
    expect(parseOrder(json)).toBeUndefined();
  });
});
