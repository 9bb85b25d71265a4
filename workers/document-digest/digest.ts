import { type JobContext, PermanentError } from 'bulwark';
import type { Agent } from 'undici';
import type { ResolveHost } from '../outbound/guarded-agent.js';
import type { DigestSettings, ModelSettings } from '../settings.js';
import { languageModel } from './dependencies.js';
import { type Digest, DigestStore, type DigestSummary, digestVersion } from './digest-store.js';
import { type DocumentType, decideDocumentType } from './document-type.js';
import { extractText } from './extract-text.js';
import { FairShare } from './fair-share.js';
import { findKeyTerms } from './key-terms.js';
import { type DetectedLanguage, detectLanguage, languageSampleChars } from './language.js';
import type { NamedEntities } from './named-entities.js';
import { type DigestPayload, type DocumentSource, sourceOf } from './payload.js';
import { rankSentences } from './rank-sentences.js';
import { contentHash, type RawDocument, rawText, sha256 } from './raw-document.js';
import { readFileDocument } from './read-file.js';
import { isUnspaced, readSentences, type Sentence } from './sentences.js';
import type { TextBlock } from './text-blocks.js';

/** What a digest leaves behind as the job's result; the whole of it is in the file. */
export interface DocumentDigested {
  readonly file: string;
  readonly title: string;
  readonly language: string;
  readonly words: number;
  /** The five best key terms. */
  readonly terms: readonly string[];
  /** Its first 280 characters. */
  readonly summary: string;
  /** Whether the stored digest was up to date and nothing had to be done. */
  readonly reused: boolean;
}

/** What a digester takes from outside; tests hand in their own. */
export interface DigesterWorld {
  /** @defaultValue the system's resolver */
  readonly resolve?: ResolveHost;
  /** Wall clock. @defaultValue the system's */
  readonly now?: () => number;
}

const maxTerms = 15;
const maxTitleChars = 300;

/** Digests documents. One digester keeps its connections for the jobs that follow. */
export class DocumentDigester {
  readonly #settings: DigestSettings;
  readonly #world: DigesterWorld;
  readonly #store: DigestStore;
  readonly #now: () => number;
  #agent: Agent | undefined;

  constructor(settings: DigestSettings, world: DigesterWorld = {}) {
    this.#settings = settings;
    this.#world = world;
    this.#store = new DigestStore(settings.outputDir);
    this.#now = world.now ?? Date.now;
  }

  /**
   * Reads a document, analyses it and stores the digest, unless the stored one is of the same content made in the same way.
   *
   * @param model - writes the summary; undefined makes it of the document's own sentences.
   * @throws PermanentError when the document cannot be had or read; TransientError or ThrottledError when it may be later.
   */
  async digest(payload: DigestPayload, ctx: JobContext, model: ModelSettings | undefined): Promise<DocumentDigested> {
    const share = new FairShare(ctx.signal);
    await ctx.progress({ stage: 'extract', percent: 0 });
    const source = sourceOf(payload);
    const document = await this.#read(source, ctx);
    const type = decideDocumentType(document);
    const content = { type, sha256: await contentHash(document.bytes) };
    const stored = payload.force ? undefined : await this.#store.read(document.identity);
    if (stored && stored.recipe === recipeOf(payload, content, model)) {
      return resultOf(stored, this.#store.fileOf(document.identity), true);
    }
    const text = await extractText(type, document, share);

    await ctx.progress({ stage: 'analyse', percent: 30 });
    const language = detectLanguage(sampleOf(text.blocks), text.language);
    const sentences = await readSentences(text.blocks, language.tag, share);
    const terms = await findKeyTerms(sentences, language, maxTerms, share);
    const entities = await findEntities(sentences, language.tag, share);
    const untitled = source.kind === 'text' ? openingOf(text.blocks) : withoutEnding(document.name);
    const title = (payload.title ?? text.title ?? untitled).slice(0, maxTitleChars);
    const words = sentences.reduce((sum, sentence) => sum + sentence.words.length, 0);

    await ctx.progress({ stage: 'summarise', percent: 80 });
    const readable = { title, language, sentences, blocks: text.blocks };
    const summary = await summarise(readable, payload.sentences, words > 0 ? model : undefined, ctx, share);
    const digest: Digest = {
      version: digestVersion,
      recipe: recipeOf(payload, content, summary.kind === 'model' ? model : undefined),
      source: document.identity,
      ...content,
      bytes: document.bytes.byteLength,
      title,
      language: language.tag,
      words,
      sentences: sentences.length,
      truncated: text.truncated,
      terms,
      entities,
      summary,
      digestedAt: new Date(this.#now()).toISOString(),
    };
    ctx.signal.throwIfAborted();
    return resultOf(digest, await this.#store.write(digest), false);
  }

  async #read(source: DocumentSource, ctx: JobContext): Promise<RawDocument> {
    const { root, maxBytes, allowPrivate } = this.#settings;
    switch (source.kind) {
      case 'text':
        return rawText(source.text, source.contentType);
      case 'file':
        return readFileDocument(source.path, { root, maxBytes });
      case 'web': {
        const [{ fetchDocument }, { createGuardedAgent }] = await Promise.all([
          import('./fetch-document.js'),
          import('../outbound/guarded-agent.js'),
        ]);
        const { resolve } = this.#world;
        this.#agent ??= createGuardedAgent({ allowPrivate, ...(resolve && { resolve }) });
        return fetchDocument(source.url, ctx, { maxBytes, dispatcher: this.#agent, now: this.#now });
      }
    }
  }
}

/** The grammar of English takes some 40 MB, so it is loaded only for English. */
async function findEntities(sentences: readonly Sentence[], tag: string, share: FairShare): Promise<NamedEntities> {
  if (tag !== 'en') {
    return { kind: 'unsupported', reason: `names are found in English text; this is ${JSON.stringify(tag)}` };
  }
  const { findNamedEntities } = await import('./named-entities.js');
  return findNamedEntities(sentences, share);
}

interface Readable {
  readonly title: string;
  readonly language: DetectedLanguage;
  readonly sentences: readonly Sentence[];
  readonly blocks: readonly TextBlock[];
}

/** A model that is out of order delays a summary; on the last attempt the document's own sentences do. */
async function summarise(
  { title, language, sentences, blocks }: Readable,
  limit: number,
  model: ModelSettings | undefined,
  ctx: JobContext,
  share: FairShare,
): Promise<DigestSummary> {
  if (model !== undefined) {
    try {
      const { summariseWithModel } = await import('./model-summary.js');
      const wanted = { title, language: language.tag, blocks, sentences: limit };
      const text = await ctx.call(languageModel, (signal) => summariseWithModel(wanted, model, signal));
      return { kind: 'model', model: model.model, text };
    } catch (error) {
      if (ctx.signal.aborted || error instanceof PermanentError || ctx.attempt < ctx.maxAttempts) throw error;
      ctx.log.warn({ err: error }, 'digest.model_given_up');
    }
  }
  const quoted = await rankSentences(sentences, language.stopWords, limit, share);
  return { kind: 'extractive', text: quoted.join(isUnspaced(language.tag) ? '' : ' ') };
}

/** Names everything a digest depends on, so that an equal recipe means an equal digest. */
function recipeOf(
  { title, sentences }: DigestPayload,
  content: { readonly type: DocumentType; readonly sha256: string },
  model: ModelSettings | undefined,
): string {
  const summariser = model === undefined ? 'extractive' : `${model.url} ${model.model}`;
  return sha256(JSON.stringify([digestVersion, content.type, content.sha256, title ?? null, sentences, summariser]));
}

function sampleOf(blocks: readonly TextBlock[]): string {
  const prose = blocks.filter(({ kind }) => kind === 'prose');
  let sample = '';
  for (const { text } of prose.length > 0 ? prose : blocks) {
    if (sample.length >= languageSampleChars) break;
    sample += `${text}\n`;
  }
  return sample.slice(0, languageSampleChars);
}

function openingOf([first]: readonly TextBlock[]): string {
  const text = first?.text ?? '';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function withoutEnding(name: string): string {
  return name.replace(/(.)\.[^.]+$/, '$1');
}

function resultOf(digest: Digest, file: string, reused: boolean): DocumentDigested {
  const { title, language, words, terms, summary } = digest;
  return {
    file,
    title,
    language,
    words,
    terms: terms.slice(0, 5).map(({ term }) => term),
    summary: summary.text.length > 280 ? `${summary.text.slice(0, 279)}…` : summary.text,
    reused,
  };
}
