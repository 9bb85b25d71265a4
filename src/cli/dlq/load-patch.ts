import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import { errorMessage } from '../../errors/error-message.js';
import { KindRegistry } from '../../job/registry.js';
import { loadJobs } from '../load-jobs.js';
import type { Settings } from '../settings.js';
import { UsageError } from '../usage-error.js';
import { PayloadPatch } from './payload-patch.js';

/**
 * Reads a patch from the command line, with what is needed to check the payloads it makes.
 *
 * @throws UsageError when it is not JSON, or the definitions of the kinds cannot be loaded and the payloads shall be checked.
 */
export async function loadPatch(
  store: DeadLetterStore,
  json: string,
  unchecked: boolean,
  { values }: Settings,
): Promise<PayloadPatch> {
  const patch = parsePatch(json);
  if (unchecked) return new PayloadPatch(store, patch, undefined);
  const registry = await loadRegistry(values.worker.jobs);
  return new PayloadPatch(store, patch, { registry, maxBytes: values.job.maxPayloadBytes });
}

function parsePatch(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw new UsageError(
      `--patch is not JSON: ${errorMessage(error)}; expected a JSON merge patch such as '{"to":"ada@example.com","cc":null}'`,
    );
  }
}

async function loadRegistry(paths: readonly string[]): Promise<KindRegistry> {
  try {
    return new KindRegistry(await loadJobs(paths));
  } catch (cause) {
    throw new UsageError(
      `the patched payloads cannot be checked: ${errorMessage(cause)}; name the definitions with --jobs, or say --unchecked`,
      { cause },
    );
  }
}
