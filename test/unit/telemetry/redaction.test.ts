import { describe, expect, it } from 'vitest';
import { withoutSecrets, withoutUrlPasswords } from '../../../src/telemetry/redaction.js';

describe('withoutSecrets', () => {
  it.each([
    ...['authorization', 'Authorization', 'Proxy-Authorization', 'cookie', 'set-cookie', 'Set-Cookie', 'password'],
    ...['passwd', 'token', 'access_token', 'accessToken', 'ACCESS_TOKEN', 'refreshToken', 'secret', 'clientSecret'],
    ...['client_secret', 'webhookSecret', 'WEBHOOK_SECRET', 'apiKey', 'APIKEY', 'api_key', 'apikey', 'X-Api-Key'],
  ])('hides %s at the top and one level down', (name) => {
    const fields = { [name]: 'hunter2', headers: { [name]: 'hunter2', accept: 'text/plain' } };

    expect(withoutSecrets(fields)).toEqual({
      [name]: '[redacted]',
      headers: { [name]: '[redacted]', accept: 'text/plain' },
    });
  });

  it.each(['tokens', 'keys', 'key', 'cookies', 'secretary'])('shows %s', (name) => {
    expect(withoutSecrets({ [name]: 7 })).toEqual({ [name]: 7 });
  });

  it('leaves the given object as it is', () => {
    const fields = { token: 'hunter2', headers: { cookie: 'hunter2' } };

    withoutSecrets(fields);

    expect(fields).toEqual({ token: 'hunter2', headers: { cookie: 'hunter2' } });
  });

  it('returns the very object when there is nothing to hide', () => {
    const fields = { jobId: '7', queue: { name: 'email' } };

    expect(withoutSecrets(fields)).toBe(fields);
  });

  it('keeps a URL but not its password, written as text or as an object', () => {
    const fields = { url: 'redis://bulwark:hunter2@redis:6379/0', redis: { url: new URL('redis://:hunter2@redis/') } };

    expect(withoutSecrets(fields)).toEqual({
      url: 'redis://bulwark:[redacted]@redis:6379/0',
      redis: { url: 'redis://:[redacted]@redis/' },
    });
  });
});

describe('withoutUrlPasswords', () => {
  it.each([
    [
      'connect to redis://u:p@one and redis://:p@two failed',
      'connect to redis://u:[redacted]@one and redis://:[redacted]@two failed',
    ],
    ['https://example.com/a:b@c', 'https://example.com/a:b@c'],
    ['http://127.0.0.1:9464/metrics', 'http://127.0.0.1:9464/metrics'],
    ['user@example.com', 'user@example.com'],
  ])('%s', (text, expected) => {
    expect(withoutUrlPasswords(text)).toBe(expected);
  });
});
