import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TransientError } from 'bulwark';
import type { DocumentType } from './document-type.js';
import type { KeyTerm } from './key-terms.js';
import type { NamedEntities } from './named-entities.js';
import { sha256 } from './raw-document.js';

/** Raise it when digests are made differently: stored ones of another version are made anew. */
export const digestVersion = 1;

export type DigestSummary =
  | { readonly kind: 'extractive'; readonly text: string }
  | { readonly kind: 'model'; readonly model: string; readonly text: string };

/** What is known of a document, as it is stored. */
export interface Digest {
  readonly version: typeof digestVersion;
  /** Equal when the same content would be digested in the same way. */
  readonly recipe: string;
  /** Where the document lies: `file:…`, `web:…` or `text:…`. */
  readonly source: string;
  readonly type: DocumentType;
  readonly bytes: number;
  /** Of the content. */
  readonly sha256: string;
  readonly title: string;
  /** BCP 47 tag; `und` when it could not be told. */
  readonly language: string;
  readonly words: number;
  readonly sentences: number;
  /** Whether the document has more text than was read. */
  readonly truncated: boolean;
  readonly terms: readonly KeyTerm[];
  readonly entities: NamedEntities;
  readonly summary: DigestSummary;
  /** ISO 8601. */
  readonly digestedAt: string;
}

/** Keeps one JSON file per document, named after the place the document lies at. */
export class DigestStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  fileOf(source: string): string {
    return join(this.#directory, `${sha256(source)}.json`);
  }

  /** Undefined when there is none, or none that this version wrote. */
  async read(source: string): Promise<Digest | undefined> {
    try {
      const stored: unknown = JSON.parse(await readFile(this.fileOf(source), 'utf8'));
      return isDigest(stored) ? stored : undefined;
    } catch {
      // Missing or damaged: either way the digest is made again, and written over.
      return undefined;
    }
  }

  /**
   * Writes a digest. A reader sees the old file or the new one, never half of one, also after a crash; when two workers write
   * the same digest, the last one stays.
   *
   * @throws TransientError when the file system does not let it.
   */
  async write(digest: Digest): Promise<string> {
    const file = this.fileOf(digest.source);
    const draft = `${file}.${randomUUID()}.tmp`;
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeDurably(draft, `${JSON.stringify(digest, undefined, 2)}\n`);
      await rename(draft, file);
      return file;
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => undefined);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TransientError(`the digest could not be stored in ${this.#directory}: ${reason}`, { cause });
    }
  }
}

async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The version vouches for the rest: only this code writes it. */
function isDigest(stored: unknown): stored is Digest {
  return typeof stored === 'object' && stored !== null && 'version' in stored && stored.version === digestVersion;
}
