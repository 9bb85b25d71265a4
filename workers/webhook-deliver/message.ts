import { PermanentError } from 'bulwark';
import { Webhook } from 'standardwebhooks';
import type { WebhookSettings } from '../settings.js';
import type { WebhookPayload } from './payload.js';

/** A message as it goes over the wire: one HTTP request. */
export interface WebhookMessage {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is equal for every attempt of a job. */
export interface JobFacts {
  readonly messageId: string;
  /** When the event happened, as far as we know: when its job was enqueued. Milliseconds since the epoch. */
  readonly occurredAt: number;
}

/** Circumstances of one attempt to deliver. */
export interface AttemptFacts extends JobFacts {
  /** When this attempt is made, in milliseconds since the epoch. */
  readonly sentAt: number;
}

/**
 * Builds the request of one attempt as the Standard Webhooks specification asks (https://www.standardwebhooks.com). Pure.
 *
 * Body and `webhook-id` are equal for every attempt; `webhook-timestamp` is that of the attempt, because receivers refuse
 * old ones. While a secret is being replaced, the message carries one signature by each.
 */
export function buildMessage(
  payload: WebhookPayload,
  secrets: readonly string[],
  { messageId, occurredAt, sentAt }: AttemptFacts,
): WebhookMessage {
  const body = JSON.stringify({
    type: payload.event,
    timestamp: new Date(occurredAt).toISOString(),
    data: payload.body,
  });
  const sentAtDate = new Date(sentAt);
  const signatures = secrets.map((secret) => new Webhook(secret).sign(messageId, sentAtDate, body));
  return {
    id: messageId,
    body,
    headers: {
      ...payload.headers,
      'content-type': 'application/json',
      'user-agent': 'bulwark-webhooks',
      'webhook-id': messageId,
      'webhook-timestamp': String(Math.floor(sentAt / 1000)),
      ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
    },
  };
}

/**
 * Finds the secrets that sign a job's message; none when it may go out unsigned. Pure.
 *
 * @throws PermanentError when the job names a secret the worker does not know, or there is no default one and unsigned
 * delivery is not allowed.
 */
export function chooseSecrets(secretRef: string | undefined, settings: WebhookSettings): readonly string[] {
  const secrets = settings.secrets.get(secretRef ?? 'default');
  if (secrets) return secrets;
  if (secretRef !== undefined) {
    throw new PermanentError(
      `no secret is named ${JSON.stringify(secretRef)} here; add it to WEBHOOK_SECRETS of the workers, then redrive`,
    );
  }
  if (settings.allowUnsigned) return [];
  throw new PermanentError(
    'there is no secret to sign with: set WEBHOOK_SECRET or name one by secretRef; WEBHOOK_ALLOW_UNSIGNED=true sends without a signature',
  );
}
