import { describe, expect, it } from 'vitest';
import { decodeText, sniffHtmlCharset } from '../../../../workers/document-digest/decode-text.js';

describe('decodeText', () => {
  it.each([
    ['UTF-8', Buffer.from('Grüße'), undefined],
    ['UTF-8 with a mark', Buffer.from('\ufeffGrüße'), undefined],
    ['UTF-16 with a mark, little end first', Buffer.from('\ufeffGrüße', 'utf16le'), undefined],
    ['UTF-16 with a mark, big end first', Buffer.from('\ufeffGrüße', 'utf16le').swap16(), undefined],
    ['the declared character set', Buffer.from('Grüße', 'latin1'), 'iso-8859-1'],
    ['Windows-1252 when it is no UTF-8', Buffer.from('Grüße', 'latin1'), undefined],
    ['UTF-8 although an unknown set is declared', Buffer.from('Grüße'), 'x-unknown'],
    ['UTF-8 although the declared set is wrong', Buffer.from('Grüße', 'latin1'), 'utf-8'],
  ])('reads %s', (_what, bytes, charset) => {
    expect(decodeText(bytes, charset)).toBe('Grüße');
  });

  it('makes all line ends alike', () => {
    expect(decodeText(Buffer.from('a\r\nb\rc\nd'))).toBe('a\nb\nc\nd');
  });

  it('reads text that was cut inside a character', () => {
    expect(decodeText(Buffer.from('Grüße').subarray(0, 3))).toBe('Gr');
  });
});

describe('sniffHtmlCharset', () => {
  it.each([
    ['<meta charset="windows-1251">', 'windows-1251'],
    ["<META charset='utf-8'/>", 'utf-8'],
    ['<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">', 'iso-8859-2'],
    ['<p>charset=nonsense</p>', undefined],
    [`${' '.repeat(1024)}<meta charset="utf-8">`, undefined],
  ])('finds the character set in %s', (html, charset) => {
    expect(sniffHtmlCharset(Buffer.from(html))).toBe(charset);
  });
});
