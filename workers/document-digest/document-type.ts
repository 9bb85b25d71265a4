import { PermanentError } from 'bulwark';
import type { RawDocument } from './raw-document.js';

export type DocumentType = 'markdown' | 'html' | 'pdf' | 'plain';

const typeByEnding: Readonly<Record<string, DocumentType>> = {
  md: 'markdown',
  markdown: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  pdf: 'pdf',
  txt: 'plain',
  text: 'plain',
  // README, LICENSE and their like.
  '': 'plain',
};

const typeByContentType: Readonly<Record<string, DocumentType>> = {
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/pdf': 'pdf',
};

/** Content types that say nothing more than "bytes" or "text": the ending knows better. */
const vagueContentTypes = new Set(['text/plain', 'application/octet-stream', 'binary/octet-stream']);

/**
 * Decides how to read a document: by what its first bytes prove, then by the declared content type, then by its ending. Pure.
 *
 * @throws PermanentError naming the supported types when it is none of them.
 */
export function decideDocumentType({
  name,
  contentType,
  bytes,
}: Omit<RawDocument, 'identity' | 'charset'>): DocumentType {
  if (startsLikePdf(bytes)) return 'pdf';
  const type = declaredType(name, contentType);
  if (type !== undefined && (type === 'pdf' || !looksBinary(bytes))) return type;
  const told = contentType ?? `ending ${JSON.stringify(endingOf(name))}`;
  throw new PermanentError(
    `${JSON.stringify(name)} cannot be digested (${type === undefined ? told : 'it holds binary data'}); supported are Markdown (.md), HTML (.html), PDF (.pdf) and plain text (.txt)`,
  );
}

function declaredType(name: string, contentType: string | undefined): DocumentType | undefined {
  if (contentType === undefined) return typeByEnding[endingOf(name)];
  if (!vagueContentTypes.has(contentType)) return typeByContentType[contentType];
  return typeByEnding[endingOf(name)] ?? (contentType === 'text/plain' ? 'plain' : undefined);
}

function endingOf(name: string): string {
  // A leading dot hides a file; it does not begin an ending.
  return /[^.]\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** PDF readers accept some bytes before the mark, and so do we. */
function startsLikePdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).includes('%PDF-');
}

/** Text holds no zero bytes, except UTF-16, which says so by its byte order mark. */
function looksBinary(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return !isUtf16 && bytes.subarray(0, 8192).includes(0);
}
