import { errorMessage } from '../errors/error-message.js';

/** Turns the payload of one version into that of the next. */
// biome-ignore lint/suspicious/noExplicitAny: the shape of an old version is known only to the author of the upcaster.
export type Upcaster = (payload: any) => unknown;

/** By version: what turns its payloads into those of the next. */
export type Upcasters = Readonly<Record<number, Upcaster>>;

/** What became of a payload on its way to the version that the worker knows. */
export type UpcastDecision =
  | { readonly kind: 'ready'; readonly payload: unknown }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'failed'; readonly message: string; readonly cause?: unknown };

/**
 * Brings a payload from the version it was written in to the version this worker knows, one version at a time. Pure.
 *
 * A payload without a version (written by a plain BullMQ producer) counts as current: the schema decides. A newer one is
 * for a worker that is yet to be deployed.
 */
export function decideUpcast(
  payload: unknown,
  version: number | undefined,
  currentVersion: number,
  upcasters: Upcasters,
): UpcastDecision {
  if (version === undefined || version === currentVersion) return { kind: 'ready', payload };
  if (version > currentVersion) return { kind: 'newer', version };
  let upcasted = payload;
  for (let from = version; from < currentVersion; from++) {
    const upcaster = upcasters[from];
    if (!upcaster) {
      return { kind: 'failed', message: `no upcaster from version ${from} to ${from + 1}; add upcast: { ${from}: … }` };
    }
    try {
      upcasted = upcaster(upcasted);
    } catch (cause) {
      return { kind: 'failed', message: `the upcaster from version ${from} threw: ${errorMessage(cause)}`, cause };
    }
    if (upcasted instanceof Promise) {
      // Nobody waits for it; left alone, its rejection would end the process.
      upcasted.catch(() => undefined);
      return {
        kind: 'failed',
        message: `the upcaster from version ${from} returned a promise; upcasters are synchronous`,
      };
    }
  }
  return { kind: 'ready', payload: upcasted };
}
