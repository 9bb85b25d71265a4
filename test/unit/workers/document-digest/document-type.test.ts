import { PermanentError } from 'bulwark';
import { describe, expect, it } from 'vitest';
import { decideDocumentType } from '../../../../workers/document-digest/document-type.js';

const decide = (name: string, contentType?: string, content: string | Uint8Array = 'text') =>
  decideDocumentType({ name, contentType, bytes: Buffer.from(content as string) });

describe('decideDocumentType', () => {
  it.each([
    ['guide.md', undefined, 'markdown'],
    ['GUIDE.MARKDOWN', undefined, 'markdown'],
    ['page.html', undefined, 'html'],
    ['page.htm', undefined, 'html'],
    ['notes.txt', undefined, 'plain'],
    ['README', undefined, 'plain'],
    ['.notes', undefined, 'plain'],
    ['paper.pdf', undefined, 'pdf'],
    ['page', 'text/html', 'html'],
    ['page.md', 'text/html', 'html'],
    ['page', 'application/xhtml+xml', 'html'],
    ['guide', 'text/markdown', 'markdown'],
    ['guide.md', 'text/plain', 'markdown'],
    ['guide.php', 'text/plain', 'plain'],
    ['guide.md', 'application/octet-stream', 'markdown'],
    ['paper', 'application/pdf', 'pdf'],
  ])('takes %s declared as %s for %s', (name, contentType, type) => {
    expect(decide(name, contentType)).toBe(type);
  });

  it.each(['%PDF-1.7', 'some bytes before %PDF-1.4'])(
    'takes what starts with %j for a PDF, whatever it is called',
    (start) => {
      expect(decide('download.txt', 'text/plain', start)).toBe('pdf');
    },
  );

  it.each([
    ['photo.png', undefined, '(ending "png")'],
    ['photo', 'image/png', '(image/png)'],
    ['data.json', 'application/json', '(application/json)'],
    ['archive', 'application/octet-stream', 'binary data', 'PK\0\0'],
    ['renamed.txt', undefined, 'binary data', 'GIF89a\0'],
  ])('refuses %s declared as %s and names what is supported', (name, contentType, reason, content = '\0') => {
    const deciding = () => decide(name, contentType, content);

    expect(deciding).toThrow(PermanentError);
    expect(deciding).toThrow(reason);
    expect(deciding).toThrow('supported are Markdown (.md), HTML (.html), PDF (.pdf) and plain text (.txt)');
  });

  it('takes UTF-16 for text although it holds zero bytes', () => {
    expect(decide('notes.txt', undefined, Buffer.from('\ufeffa', 'utf16le'))).toBe('plain');
  });
});
