import { describe, expect, it } from 'vitest';
import { digestPayload, sourceOf } from '../../../../workers/document-digest/payload.js';

const faultsOf = (payload: unknown) =>
  digestPayload.safeParse(payload).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('digestPayload', () => {
  it('fills in five sentences and no force', () => {
    expect(digestPayload.parse({ path: 'README.md' })).toEqual({ path: 'README.md', sentences: 5, force: false });
  });

  it.each([
    ['no source', {}, "give exactly one of 'path', 'url' and 'text'"],
    ['two sources', { path: 'a.md', text: 'b' }, "give exactly one of 'path', 'url' and 'text'"],
    ['a content type for a file', { path: 'a.md', contentType: 'text/html' }, "contentType: belongs to 'text'"],
    ['another content type', { text: 'a', contentType: 'image/png' }, 'contentType: '],
    ['another scheme', { url: 'file:///etc/passwd' }, 'url: '],
    ['credentials', { url: 'https://user:word@example.org/' }, 'url: must not carry credentials'],
    ['a zero byte', { path: 'a\0b' }, 'path: must not hold a zero byte'],
    ['no sentence', { path: 'a.md', sentences: 0 }, 'sentences: '],
    ['too many sentences', { path: 'a.md', sentences: 21 }, 'sentences: '],
    ['an unknown field', { path: 'a.md', pages: 3 }, 'Unrecognized key'],
  ])('refuses %s', (_what, payload, fault) => {
    expect(faultsOf(payload)).toEqual([expect.stringContaining(fault)]);
  });
});

describe('sourceOf', () => {
  it.each([
    [{ path: 'a.md' }, { kind: 'file', path: 'a.md' }],
    [{ url: 'https://example.org/a' }, { kind: 'web', url: 'https://example.org/a' }],
    [{ text: '' }, { kind: 'text', text: '', contentType: 'text/plain' }],
    [
      { text: '# a', contentType: 'text/markdown' as const },
      { kind: 'text', text: '# a', contentType: 'text/markdown' },
    ],
  ])('reads %j', (payload, source) => {
    expect(sourceOf(digestPayload.parse(payload))).toEqual(source);
  });
});
