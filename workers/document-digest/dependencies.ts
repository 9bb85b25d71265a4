import { defineDependency } from 'bulwark';

/** The web, where documents lie. Its hosts fail one by one, so each call names its host. */
export const documentSource = defineDependency({ name: 'document-source', timeout: '30s', slow: '10s' });

/** The endpoint that writes summaries. */
export const languageModel = defineDependency({ name: 'llm', timeout: '60s', slow: '20s' });
