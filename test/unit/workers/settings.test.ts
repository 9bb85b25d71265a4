import { describe, expect, it } from 'vitest';
import { readDigestSettings, readWebhookSettings, SettingsError } from '../../../workers/settings.js';

const secretA = `whsec_${Buffer.alloc(24, 'a').toString('base64')}`;
const secretB = `whsec_${Buffer.alloc(32, 'b').toString('base64')}`;

describe('readWebhookSettings', () => {
  it('is strict when nothing is set', () => {
    expect(readWebhookSettings({})).toEqual({
      secrets: new Map(),
      allowUnsigned: false,
      allowHttp: false,
      allowPrivate: false,
    });
  });

  it('knows WEBHOOK_SECRET as the default secret, beside the named ones', () => {
    const { secrets } = readWebhookSettings({
      WEBHOOK_SECRET: secretA,
      WEBHOOK_SECRETS: JSON.stringify({ acme: secretB, rotating: [secretB, secretA] }),
    });

    expect(Object.fromEntries(secrets)).toEqual({
      default: [secretA],
      acme: [secretB],
      rotating: [secretB, secretA],
    });
  });

  it('takes an empty variable as not set', () => {
    expect(readWebhookSettings({ WEBHOOK_SECRET: '', WEBHOOK_ALLOW_HTTP: '' })).toEqual(readWebhookSettings({}));
  });

  it.each([
    [{ WEBHOOK_SECRET: 'hunter2' }, 'WEBHOOK_SECRET'],
    [{ WEBHOOK_SECRET: `whsec_${Buffer.alloc(23).toString('base64')}` }, 'WEBHOOK_SECRET'],
    [{ WEBHOOK_SECRET: `whsec_${Buffer.alloc(65).toString('base64')}` }, 'WEBHOOK_SECRET'],
    [{ WEBHOOK_SECRETS: `{"acme": "hunter2"}` }, 'WEBHOOK_SECRETS.acme'],
    [{ WEBHOOK_SECRETS: `hunter2` }, 'WEBHOOK_SECRETS: must be JSON'],
    [{ WEBHOOK_SECRETS: `["hunter2"]` }, 'WEBHOOK_SECRETS'],
    [{ WEBHOOK_ALLOW_HTTP: 'perhaps' }, 'WEBHOOK_ALLOW_HTTP'],
  ])('refuses %j by name and keeps the value to itself', (environment, named) => {
    const reading = () => readWebhookSettings(environment);

    expect(reading).toThrow(SettingsError);
    expect(reading).toThrow(named);
    expect(reading).not.toThrow(/hunter2/);
  });

  it('names every fault at once', () => {
    const reading = () => readWebhookSettings({ WEBHOOK_SECRET: 'x', WEBHOOK_ALLOW_PRIVATE: 'x' });

    expect(reading).toThrow(/WEBHOOK_SECRET: .*\n.*WEBHOOK_ALLOW_PRIVATE: /);
  });
});

describe('readDigestSettings', () => {
  it('reads files below the working directory and summarises without a model when nothing is set', () => {
    expect(readDigestSettings({})).toEqual({
      root: '.',
      outputDir: '.bulwark/documents',
      maxBytes: 20 * 1024 * 1024,
      allowPrivate: false,
      model: undefined,
    });
  });

  it('knows the model when its endpoint and its name are set', () => {
    const { model } = readDigestSettings({ DIGEST_LLM_URL: 'http://localhost:11434/v1', DIGEST_LLM_MODEL: 'small' });

    expect(model).toEqual({ url: 'http://localhost:11434/v1', model: 'small', apiKey: undefined });
  });

  it.each([
    [{ DIGEST_LLM_URL: 'http://localhost:11434/v1' }, 'DIGEST_LLM_URL and DIGEST_LLM_MODEL go together'],
    [{ DIGEST_LLM_MODEL: 'small' }, 'DIGEST_LLM_URL and DIGEST_LLM_MODEL go together'],
    [{ DIGEST_LLM_URL: 'localhost', DIGEST_LLM_MODEL: 'small' }, 'DIGEST_LLM_URL'],
    [{ DIGEST_MAX_BYTES: '20 MB' }, 'DIGEST_MAX_BYTES'],
    [{ DIGEST_MAX_BYTES: '0' }, 'DIGEST_MAX_BYTES'],
  ])('refuses %j', (environment, message) => {
    expect(() => readDigestSettings(environment)).toThrow(message);
  });
});
