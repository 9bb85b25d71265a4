import type { Dispatcher } from 'undici';

/**
 * Lets go of a body nobody wants. A little of it is read so that the connection can be used again; a large or slow one is
 * cut off. Never throws: what the body says or how it ends does not matter.
 */
export async function discardBody(body: Dispatcher.ResponseData['body']): Promise<void> {
  await body.dump({ limit: 64 * 1024, signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
}
