import { defineJob, defineQueue, type JobContext, type JobDefinition } from 'bulwark';
import { documentSource, languageModel } from './document-digest/dependencies.js';
import type { DigesterWorld, DocumentDigested, DocumentDigester } from './document-digest/digest.js';
import { type DigestPayload, digestPayload } from './document-digest/payload.js';
import { type DigestSettings, type ModelSettings, readDigestSettings } from './settings.js';

export const documents = defineQueue({ name: 'documents', criticality: 'sheddable_plus', slo: '10m' });

/**
 * Digests a document (Markdown, HTML, PDF or plain text, from a file, the web or the payload): language, key terms, names,
 * summary. Running it twice does the work once. See docs/kinds.md.
 */
export function createDocumentDigest(
  settings: DigestSettings,
  world: DigesterWorld = {},
): JobDefinition<typeof digestPayload, DocumentDigested> {
  let loaded: DocumentDigester | undefined;
  const digest = async (payload: DigestPayload, ctx: JobContext, model: ModelSettings | undefined) => {
    // Loaded with the first job: a worker that digests nothing carries no parsers and no grammar.
    const { DocumentDigester } = await import('./document-digest/digest.js');
    loaded ??= new DocumentDigester(settings, world);
    return loaded.digest(payload, ctx, model);
  };
  return defineJob({
    kind: 'document-digest',
    queue: documents,
    payload: digestPayload,
    dependencies: settings.model ? [documentSource, languageModel] : [documentSource],
    retry: { attempts: 6, base: '2s', cap: '5m' },
    timeout: '5m',
    run: (payload, ctx) => digest(payload, ctx, settings.model),
    // Declared for the breaker of the model: without it, the summary is made of the document's own sentences; a later digest replaces it.
    fallback: (payload, ctx) => digest(payload, ctx, undefined),
  });
}

export const documentDigest = createDocumentDigest(readDigestSettings());
export default documentDigest;
