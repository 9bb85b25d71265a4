import { defineDependency, defineJob, defineQueue, type JobDefinition } from 'bulwark';
import { readWebhookSettings, type WebhookSettings } from './settings.js';
import { webhookPayload } from './webhook-deliver/payload.js';
import type { SenderWorld, WebhookDelivered, WebhookSender } from './webhook-deliver/sender.js';

export const webhooks = defineQueue({ name: 'webhooks', criticality: 'critical', slo: '30s' });

/** Somebody else's endpoint. Its hosts fail one by one, so each call names its host. */
export const webhookEndpoint = defineDependency({ name: 'webhook-endpoint', timeout: '15s', slow: '5s' });

/**
 * Delivers an event to an endpoint as a signed HTTP POST (Standard Webhooks): at least once, with the same `webhook-id`
 * every time, over half a day if need be. See docs/kinds.md.
 */
export function createWebhookDeliver(
  settings: WebhookSettings,
  world: SenderWorld = {},
): JobDefinition<typeof webhookPayload, WebhookDelivered> {
  let loaded: WebhookSender | undefined;
  return defineJob({
    kind: 'webhook-deliver',
    queue: webhooks,
    payload: webhookPayload,
    dependencies: [webhookEndpoint],
    // An endpoint that is down for an evening still gets its events; the pauses grow to four hours.
    retry: { attempts: 16, base: '5s', cap: '4h' },
    timeout: '30s',
    async run(payload, ctx) {
      // Loaded with the first job: a worker that delivers nothing carries no HTTP client.
      const { WebhookSender } = await import('./webhook-deliver/sender.js');
      loaded ??= new WebhookSender(settings, world);
      const sender = loaded;
      const webhook = sender.prepare(payload, {
        messageId: payload.id ?? ctx.effectKey('webhook'),
        occurredAt: ctx.enqueuedAt,
      });
      return ctx.call(webhookEndpoint, (signal) => sender.send(webhook, signal), { key: webhook.target.host });
    },
  });
}

export const webhookDeliver = createWebhookDeliver(readWebhookSettings());
export default webhookDeliver;
