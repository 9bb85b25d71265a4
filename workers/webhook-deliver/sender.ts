import { type EpochMs, parseRetryAfter } from 'bulwark';
import { type Agent, request } from 'undici';
import { callError } from '../outbound/call-error.js';
import { discardBody } from '../outbound/discard-body.js';
import { createGuardedAgent, type ResolveHost } from '../outbound/guarded-agent.js';
import { decideStatus, statusError } from '../outbound/status-verdict.js';
import { parseTargetUrl } from '../outbound/target-url.js';
import type { WebhookSettings } from '../settings.js';
import { buildMessage, chooseSecrets, type JobFacts, type WebhookMessage } from './message.js';
import type { WebhookPayload } from './payload.js';

/** What a delivered webhook leaves behind as the job's result. */
export interface WebhookDelivered {
  readonly status: number;
  /** How long the endpoint took to answer. */
  readonly durationMs: number;
  /** The `webhook-id` the receiver saw. */
  readonly webhookId: string;
}

/** A message with its checked target, ready to go out. */
export interface PreparedWebhook {
  readonly target: URL;
  readonly message: WebhookMessage;
}

/** What a sender takes from outside; tests hand in their own. */
export interface SenderWorld {
  /** @defaultValue the system's resolver */
  readonly resolve?: ResolveHost;
  /** Wall clock. @defaultValue the system's */
  readonly now?: () => number;
}

/** Sends webhooks. One sender keeps its connections for the jobs that follow. */
export class WebhookSender {
  readonly #settings: WebhookSettings;
  readonly #agent: Agent;
  readonly #now: () => number;

  constructor(settings: WebhookSettings, { resolve, now = Date.now }: SenderWorld = {}) {
    this.#settings = settings;
    this.#now = now;
    this.#agent = createGuardedAgent({ allowPrivate: settings.allowPrivate, ...(resolve && { resolve }) });
  }

  /** @throws PermanentError when the target may not be called or the message cannot be signed. */
  prepare(payload: WebhookPayload, job: JobFacts): PreparedWebhook {
    const target = parseTargetUrl(payload.url, this.#settings.allowHttp ? ['https', 'http'] : ['https']);
    const secrets = chooseSecrets(payload.secretRef, this.#settings);
    return { target, message: buildMessage(payload, secrets, { ...job, sentAt: this.#now() }) };
  }

  /**
   * Posts the message once. Redirects are not followed: the receiver signed up with one URL.
   *
   * @throws TransientError for 408, 425, 5xx and the network; ThrottledError for 429 or when `Retry-After` is given;
   * PermanentError for redirects, other statuses and private addresses.
   */
  async send({ target, message }: PreparedWebhook, signal: AbortSignal): Promise<WebhookDelivered> {
    const startedAt = performance.now();
    const { statusCode, headers, body } = await request(target, {
      method: 'POST',
      headers: message.headers,
      body: message.body,
      dispatcher: this.#agent,
      signal,
    }).catch((error: unknown) => {
      throw callError(error, target.host, signal);
    });
    const durationMs = Math.round(performance.now() - startedAt);
    // The status has decided: whatever becomes of the body must not turn a delivery into a repetition.
    await discardBody(body);
    const verdict = decideStatus(statusCode, parseRetryAfter(headers['retry-after'], this.#now() as EpochMs));
    if (verdict.kind === 'accepted') return { status: statusCode, durationMs, webhookId: message.id };
    throw statusError(verdict, `${target.host} answered ${statusCode}`);
  }
}
