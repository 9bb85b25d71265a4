import { defineDependency, defineJob, defineQueue, TransientError } from 'bulwark';
import { z } from 'zod';

const mail = defineDependency({ name: 'mail', timeout: '10s' });

/** Sends the receipt of an order. It may run twice; the mail service sends one mail per `Idempotency-Key`. */
export const sendReceipt = defineJob({
  kind: 'send-receipt',
  queue: defineQueue({ name: 'email', criticality: 'critical', slo: '30s' }),
  payload: z.object({ orderId: z.string(), to: z.email() }),
  dependencies: [mail],
  async run(receipt, ctx) {
    const { status } = await ctx.call(mail, (signal) =>
      fetch(process.env['MAIL_URL'] ?? 'http://127.0.0.1:8025/mails', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': ctx.effectKey('mail') },
        body: JSON.stringify(receipt),
        signal,
      }),
    );
    if (status !== 200) throw new TransientError(`the mail service answered ${status}`);
  },
});
