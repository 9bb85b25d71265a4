import { createHash, webcrypto } from 'node:crypto';

/** A document as it was found, before anything in it is understood. */
export interface RawDocument {
  /** Names the place, equal for every reading of it: `file:docs/guide.md`, `web:https://…`, `text:<sha256>`. */
  readonly identity: string;
  /** Last part of the path, for its ending and as a title of last resort. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The content type the source declares, without parameters, in lower case. */
  readonly contentType: string | undefined;
  /** The character set the source declares. */
  readonly charset: string | undefined;
}

/** A document that came inside the payload. */
export function rawText(text: string, contentType: string): RawDocument {
  const bytes = Buffer.from(text, 'utf8');
  return { identity: `text:${sha256(bytes)}`, name: 'text', bytes, contentType, charset: 'utf-8' };
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a document's content, computed beside the event loop because documents are large. */
export async function contentHash(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

/** A file size as people read it. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
