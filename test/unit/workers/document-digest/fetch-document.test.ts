import { describe, expect, it } from 'vitest';
import { parseContentType } from '../../../../workers/document-digest/fetch-document.js';

describe('parseContentType', () => {
  it.each([
    ['text/html', 'text/html', undefined],
    ['Text/HTML; Charset="UTF-8"', 'text/html', 'UTF-8'],
    ['text/plain; format=flowed; charset=iso-8859-1', 'text/plain', 'iso-8859-1'],
    ['', undefined, undefined],
    [undefined, undefined, undefined],
  ])('reads %j', (header, contentType, charset) => {
    expect(parseContentType(header)).toEqual({ contentType, charset });
  });
});
