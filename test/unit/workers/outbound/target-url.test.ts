import { PermanentError } from 'bulwark';
import { describe, expect, it } from 'vitest';
import { hasNoCredentials, parseTargetUrl } from '../../../../workers/outbound/target-url.js';

describe('parseTargetUrl', () => {
  it('returns the URL in its normal form', () => {
    expect(parseTargetUrl('https://EXAMPLE.org:443/a b', ['https']).href).toBe('https://example.org/a%20b');
  });

  it('reads odd spellings of an IPv4 address as that address, so the guard sees what the socket will use', () => {
    const hosts = ['http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/'].map(
      (url) => parseTargetUrl(url, ['http']).hostname,
    );

    expect(hosts).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
  });

  it.each([
    ['http://example.org/', 'the scheme must be https'],
    ['file:///etc/passwd', 'the scheme must be https'],
    ['not a url', 'not a URL'],
    ['https://user:word@example.org/', 'carries credentials'],
    ['https://user@example.org/', 'carries credentials'],
  ])('refuses %s: %s', (url, reason) => {
    expect(() => parseTargetUrl(url, ['https'])).toThrow(reason);
    expect(() => parseTargetUrl(url, ['https'])).toThrow(PermanentError);
  });

  it('keeps path, query and password out of its messages', () => {
    expect(() => parseTargetUrl('https://user:word@example.org/path?key=1', ['https'])).toThrow(
      /^the URL of example\.org carries credentials; remove them$/,
    );
  });
});

describe('hasNoCredentials', () => {
  it('leaves what is no URL to other rules', () => {
    expect(hasNoCredentials('nonsense')).toBe(true);
  });
});
