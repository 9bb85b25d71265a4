import { type Connection, enqueueOnCommit, inTransaction } from './outbox.js';
import { sendReceipt } from './send-receipt.js';

export interface Order {
  readonly email: string;
  readonly cents: number;
}

/** Stores an order and promises its receipt, in one transaction: both or neither. */
export function placeOrder(db: Connection, { email, cents }: Order): Promise<string> {
  return inTransaction(db, async () => {
    const { rows } = await db.query('INSERT INTO orders (email, cents) VALUES ($1, $2) RETURNING id', [email, cents]);
    const orderId = String(rows[0]?.['id']);
    await enqueueOnCommit(db, sendReceipt, { orderId, to: email });
    return orderId;
  });
}
