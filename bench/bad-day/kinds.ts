import { setTimeout as sleep } from 'node:timers/promises';
import { defineDependency, defineJob, defineQueue, PermanentError, TransientError } from 'bulwark';
import { z } from 'zod';

/** The kinds of a small shop, one queue for each class of importance. Worker processes load them from here. */

const smtp = defineDependency({ name: 'smtp', timeout: '5s', slow: '3s' });

const payload = z.object({
  /** How long the work takes, beside its calls. */
  ms: z.number(),
  /** Where the mail server listens. */
  smtp: z.url(),
  fails: z.enum(['once', 'always']).optional(),
});

async function deliver(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { method: 'POST', signal });
  await response.body?.cancel();
  if (!response.ok) throw new TransientError(`the mail server answered ${response.status}`);
}

/** Nothing makes these give way, however slow the machine is on which this happens. */
const payments = defineQueue({ name: 'payments', criticality: 'critical_plus', slo: '2s' });

export const charge = defineJob({ kind: 'charge', queue: payments, payload, run: ({ ms }) => sleep(ms) });

export const settlement = defineJob({
  kind: 'settle-day',
  queue: payments,
  payload,
  retry: { attempts: 3, base: '100ms', cap: '500ms' },
  async run({ ms, fails }, ctx) {
    if (fails === 'always') throw new PermanentError('there is nothing to settle');
    await sleep(ms);
    if (fails === 'once' && ctx.attempt === 1) throw new TransientError('the numbers are not there yet');
  },
});

export const receipt = defineJob({
  kind: 'send-receipt',
  queue: defineQueue({ name: 'mail', criticality: 'critical', slo: '5s' }),
  payload,
  dependencies: [smtp],
  retry: { attempts: 10, base: '200ms', cap: '2s' },
  async run({ ms, smtp: url }, ctx) {
    await ctx.call(smtp, (signal) => deliver(url, signal));
    await sleep(ms);
  },
});

export const digest = defineJob({
  kind: 'send-digest',
  queue: defineQueue({ name: 'digests', criticality: 'sheddable_plus', slo: '30s' }),
  payload,
  dependencies: [smtp],
  retry: { attempts: 10, base: '200ms', cap: '2s' },
  async run({ smtp: url }, ctx) {
    await ctx.call(smtp, (signal) => deliver(url, signal));
  },
  fallback: () => ({ withTheNextOne: true }),
});

export const report = defineJob({
  kind: 'make-report',
  queue: defineQueue({ name: 'reports', criticality: 'sheddable', slo: '1m' }),
  payload,
  run: ({ ms }) => sleep(ms),
});
