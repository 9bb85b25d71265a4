import { describe, expect, it } from 'vitest';
import { webhookPayload } from '../../../../workers/webhook-deliver/payload.js';

const valid = { url: 'https://example.org/hooks', event: 'invoice.paid', body: { invoice: 42 } };

const headers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, '']));

const faultsOf = (payload: unknown) =>
  webhookPayload.safeParse(payload).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('webhookPayload', () => {
  it('accepts what the documentation shows', () => {
    expect(
      faultsOf({ ...valid, id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W', headers: { 'X-Tenant': 'acme' }, secretRef: 'acme' }),
    ).toEqual([]);
  });

  it.each([[null], [false], [0], [''], [[]], [{ nested: [{ deep: true }] }]])('accepts %j as body', (body) => {
    expect(faultsOf({ ...valid, body })).toEqual([]);
  });

  it.each([
    ['no body', { body: undefined }, 'body: is missing'],
    ['a body that is no JSON', { body: 10n }, 'body: must be writable as JSON'],
    ['a large body', { body: 'x'.repeat(256 * 1024) }, 'body: must be writable as JSON in at most 256 KiB'],
    ['another scheme', { url: 'ftp://example.org/' }, 'url: '],
    ['credentials', { url: 'https://user:word@example.org/' }, 'url: must not carry credentials'],
    ['a blank in the event', { event: 'has space' }, 'event: '],
    ['a dot in the id, which the signature uses to part its fields', { id: 'has.dot' }, 'id: '],
    [
      'a header with a meaning',
      { headers: { authorization: 'x' } },
      "headers.authorization: must have a name that starts with 'x-'",
    ],
    ['a line break in a header', { headers: { 'x-line': 'a\r\nb' } }, 'headers.x-line: must be at most'],
    ['many headers', { headers: headers(17) }, 'headers: must be at most 16'],
    ['a secret in clear', { secret: 'whsec_x' }, ': Unrecognized key'],
  ])('refuses %s', (_what, change, fault) => {
    expect(faultsOf({ ...valid, ...change })).toEqual([expect.stringContaining(fault)]);
  });

  it('refuses a body nested deeper than JSON can be written, without falling over', () => {
    let body: unknown = [];
    for (let depth = 0; depth < 100_000; depth++) body = [body];

    expect(faultsOf({ ...valid, body })).toEqual([expect.stringContaining('body: must be writable as JSON')]);
  });
});
