import { createHmac } from 'node:crypto';
import { PermanentError } from 'bulwark';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { readWebhookSettings, type WebhookSettings } from '../../../../workers/settings.js';
import { buildMessage, chooseSecrets } from '../../../../workers/webhook-deliver/message.js';

const oldSecret = `whsec_${Buffer.alloc(24, 'o').toString('base64')}`;
const newSecret = `whsec_${Buffer.alloc(24, 'n').toString('base64')}`;
const payload = { url: 'https://example.org/', event: 'invoice.paid', body: { invoice: 42 } };
const occurredAt = Date.parse('2026-03-04T05:06:07Z');

describe('buildMessage', () => {
  it('signs so that the specification’s own verifier accepts it', () => {
    const sentAt = Date.now();

    const message = buildMessage(payload, [newSecret], { messageId: 'msg_1', occurredAt, sentAt });

    expect(new Webhook(newSecret).verify(message.body, { ...message.headers })).toEqual({
      type: 'invoice.paid',
      timestamp: '2026-03-04T05:06:07.000Z',
      data: { invoice: 42 },
    });
  });

  it('signs id, time and body by HMAC-SHA256 with the bytes behind whsec_', () => {
    const message = buildMessage(payload, [newSecret], { messageId: 'msg_1', occurredAt, sentAt: 1614265330_999 });

    const hmac = createHmac('sha256', Buffer.alloc(24, 'n')).update(`msg_1.1614265330.${message.body}`);
    expect(message.headers['webhook-timestamp']).toBe('1614265330');
    expect(message.headers['webhook-signature']).toBe(`v1,${hmac.digest('base64')}`);
  });

  it('keeps id and body over the attempts and renews time and signature', () => {
    const facts = { messageId: 'msg_1', occurredAt };

    const first = buildMessage(payload, [newSecret], { ...facts, sentAt: 1_000_000 });
    const second = buildMessage(payload, [newSecret], { ...facts, sentAt: 9_000_000 });

    expect(second.body).toBe(first.body);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.headers['webhook-timestamp']).not.toBe(first.headers['webhook-timestamp']);
    expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
  });

  it('signs by each secret while one replaces the other, so either side may change first', () => {
    const message = buildMessage(payload, [newSecret, oldSecret], { messageId: 'm', occurredAt, sentAt: Date.now() });

    for (const secret of [newSecret, oldSecret]) {
      expect(() => new Webhook(secret).verify(message.body, { ...message.headers })).not.toThrow();
    }
  });

  it('does not let headers of the payload replace its own', () => {
    const message = buildMessage({ ...payload, headers: { 'x-tenant': 'acme' } }, [], {
      messageId: 'm',
      occurredAt,
      sentAt: 0,
    });

    expect(message.headers).toEqual({
      'x-tenant': 'acme',
      'content-type': 'application/json',
      'user-agent': 'bulwark-webhooks',
      'webhook-id': 'm',
      'webhook-timestamp': '0',
    });
  });
});

describe('chooseSecrets', () => {
  const settings = (change: Partial<WebhookSettings>): WebhookSettings => ({ ...readWebhookSettings({}), ...change });

  it('takes the named secret, or the default one', () => {
    const known = settings({
      secrets: new Map([
        ['default', [oldSecret]],
        ['acme', [newSecret]],
      ]),
    });

    expect(chooseSecrets('acme', known)).toEqual([newSecret]);
    expect(chooseSecrets(undefined, known)).toEqual([oldSecret]);
  });

  it.each([true, false])('refuses a name it does not know (unsigned allowed: %s)', (allowUnsigned) => {
    const choosing = () => chooseSecrets('acme', settings({ allowUnsigned }));

    expect(choosing).toThrow(PermanentError);
    expect(choosing).toThrow('no secret is named "acme" here; add it to WEBHOOK_SECRETS');
  });

  it('does not find a secret in what every object has', () => {
    expect(() => chooseSecrets('constructor', settings({}))).toThrow('no secret is named "constructor"');
  });

  it('sends unsigned only when that is allowed', () => {
    expect(chooseSecrets(undefined, settings({ allowUnsigned: true }))).toEqual([]);
    expect(() => chooseSecrets(undefined, settings({}))).toThrow('there is no secret to sign with: set WEBHOOK_SECRET');
  });
});
