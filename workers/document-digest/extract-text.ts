import { decodeText, sniffHtmlCharset } from './decode-text.js';
import type { DocumentType } from './document-type.js';
import type { FairShare } from './fair-share.js';
import type { RawDocument } from './raw-document.js';
import type { ExtractedText } from './text-blocks.js';

/** Of text and markup no more is read than this; a PDF is mostly pictures and is read as a whole. */
const maxSourceBytes = 8 * 1024 ** 2;

/**
 * Extracts the text of a document. Each format's library is loaded when the first document of that format comes.
 *
 * @throws PermanentError when a PDF cannot be read.
 */
export async function extractText(
  type: DocumentType,
  { bytes, charset }: Pick<RawDocument, 'bytes' | 'charset'>,
  share: FairShare,
): Promise<ExtractedText> {
  if (type === 'pdf') {
    const { extractPdf } = await import('./extract-pdf.js');
    return extractPdf(bytes, share);
  }
  const source = bytes.subarray(0, maxSourceBytes);
  const extracted = await extractSource(type, source, charset, share);
  return source.length < bytes.length ? { ...extracted, truncated: true } : extracted;
}

async function extractSource(
  type: Exclude<DocumentType, 'pdf'>,
  source: Uint8Array,
  charset: string | undefined,
  share: FairShare,
): Promise<ExtractedText> {
  switch (type) {
    case 'markdown': {
      const { extractMarkdown } = await import('./extract-markdown.js');
      return extractMarkdown(decodeText(source, charset), share);
    }
    case 'html': {
      const { extractHtml } = await import('./extract-html.js');
      return extractHtml(decodeText(source, charset ?? sniffHtmlCharset(source)), share);
    }
    case 'plain': {
      const { extractPlain } = await import('./extract-plain.js');
      return extractPlain(decodeText(source, charset), share);
    }
  }
}
