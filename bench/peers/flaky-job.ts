import { defineDependency, defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

/** One job: which, counted from 0, and where what it depends on can be reached. */
export interface FlakyWork {
  readonly number: number;
  readonly shop: string;
}

/** How often a job may run, for everybody: Bulwark's default. */
export const flakyAttempts = 8;
export const flakyQueue = 'flaky';

/** Calls the shop, which fails now and then. */
export async function callShop({ number, shop }: FlakyWork, signal?: AbortSignal): Promise<void> {
  const response = await fetch(shop, { method: 'POST', body: String(number), ...(signal && { signal }) });
  await response.text();
  if (!response.ok) throw Object.assign(new Error(`the shop answered ${response.status}`), { status: response.status });
}

/** What retries do is measured, so the breaker is to stay out of it. */
const shop = defineDependency({ name: 'shop', breaker: false });

export const flakyJob = defineJob({
  kind: 'buy',
  queue: defineQueue({ name: flakyQueue }),
  payload: z.object({ number: z.int(), shop: z.url() }),
  dependencies: [shop],
  retry: { attempts: flakyAttempts },
  run: (work, ctx) => ctx.call(shop, (signal) => callShop(work, signal)),
});
