import { z } from 'zod';

/** The payload of every measured job: an order with fields of the usual kinds, and a note that fills it up to the size. */
export const orderSchema = z.object({
  /** Which job it is, counted from `firstNumber`. */
  number: z.int().positive(),
  /** When the producer meant to enqueue it, by `micros`; `never` when nobody looks at that. */
  sentAt: z.number(),
  customer: z.object({ id: z.uuid(), email: z.email(), country: z.string().length(2) }),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int().positive(), cents: z.int().nonnegative() })).min(1),
  note: z.string(),
});

export type Order = z.infer<typeof orderSchema>;

/** Numbers have seven digits, so that all payloads of a run have the same size. */
export const firstNumber = 1_000_000;
/** As long as every other moment. */
export const never = 1e15;

/** Writes orders of exactly so many bytes of JSON. */
export function orderWriter(bytes: number): (number: number, sentAt?: number) => Order {
  const bare = order(firstNumber, never, '');
  const note = 'x'.repeat(Math.max(0, bytes - JSON.stringify(bare).length));
  return (number, sentAt = never) => order(firstNumber + number, sentAt, note);
}

function order(number: number, sentAt: number, note: string): Order {
  return {
    number,
    sentAt,
    customer: { id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', email: 'ada@example.com', country: 'GB' },
    lines: [
      { sku: 'EDGE-0042', quantity: 2, cents: 1999 },
      { sku: 'EDGE-0043', quantity: 1, cents: 74900 },
    ],
    note,
  };
}

/** Microseconds on a clock that all processes of a machine share, with sixteen digits for longer than any machine runs. */
export function micros(): number {
  return never + Number(process.hrtime.bigint() / 1_000n);
}
