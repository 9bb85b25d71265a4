import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import { mergePatch } from '../../dead-letter/merge-patch.js';
import type { DeadLetter } from '../../dead-letter/record.js';
import { errorMessage } from '../../errors/error-message.js';
import { type PayloadFault, PayloadInvalidError, validatePayload } from '../../job/payload.js';
import type { KindRegistry } from '../../job/registry.js';
import { decideUpcast } from '../../job/upcast.js';
import { UsageError } from '../usage-error.js';
import type { SelectedLetter } from './select-letters.js';

/** What knows whether a payload is right. */
export interface PayloadCheck {
  readonly registry: KindRegistry;
  readonly maxBytes: number;
}

type Patched = { readonly dataJson: string } | { readonly faults: readonly PayloadFault[] } | 'gone';

/** Whole payloads are in memory meanwhile. */
const checkedAtOnce = 20;
/** Beyond, one knows enough. */
const faultsTold = 100;

/** Changes the payloads of letters on their way back. Every payload is checked before the first letter moves. */
export class PayloadPatch {
  readonly #store: Pick<DeadLetterStore, 'get'>;
  readonly #patch: unknown;
  /** Undefined when the payloads are put back unchecked. */
  readonly #check: PayloadCheck | undefined;

  constructor(store: Pick<DeadLetterStore, 'get'>, patch: unknown, check: PayloadCheck | undefined) {
    this.#store = store;
    this.#patch = patch;
    this.#check = check;
  }

  /**
   * @throws PayloadInvalidError naming letters and faults; UsageError when a kind is not known here, so that nobody can tell.
   */
  async assertFits(letters: readonly SelectedLetter[]): Promise<void> {
    if (!this.#check) return;
    const kinds = new Set<string>();
    const faults: PayloadFault[] = [];
    for (let from = 0; from < letters.length && faults.length < faultsTold; from += checkedAtOnce) {
      const batch = letters.slice(from, from + checkedAtOnce);
      const results = await Promise.all(batch.map((letter) => this.#apply(letter)));
      for (const [index, letter] of batch.entries()) {
        const patched = results[index];
        if (patched === undefined || patched === 'gone' || !('faults' in patched)) continue;
        kinds.add(letter.kind);
        faults.push(...patched.faults.map(({ path, message }) => ({ path: wherein(letter, path), message })));
      }
    }
    if (faults.length > 0) throw new PayloadInvalidError([...kinds].join(', '), faults, ', with the patch applied,');
  }

  /** The payload of a letter with the patch applied, as JSON. */
  async payloadOf(letter: SelectedLetter): Promise<string | 'gone'> {
    const patched = await this.#apply(letter);
    // Whoever changed it since it was checked has made it another letter.
    return patched === 'gone' || 'faults' in patched ? 'gone' : patched.dataJson;
  }

  async #apply(selected: SelectedLetter): Promise<Patched> {
    const letter = await this.#store.get(selected.deadId);
    if (letter === undefined || letter.diedAt !== selected.diedAt) return 'gone';
    const payload = mergePatch(letter.payload, this.#patch);
    const dataJson = JSON.stringify(payload);
    const faults = this.#check ? await faultsOf(letter, payload, Buffer.byteLength(dataJson), this.#check) : [];
    return faults.length > 0 ? { faults } : { dataJson };
  }
}

/** Asks what a worker would ask before it runs the job. */
async function faultsOf(
  { kind, version }: DeadLetter,
  payload: unknown,
  bytes: number,
  { registry, maxBytes }: PayloadCheck,
): Promise<readonly PayloadFault[]> {
  const definition = registry.get(kind);
  if (!definition) {
    throw new UsageError(
      `kind ${JSON.stringify(kind)} is not known here (${registry.kinds.join(', ') || 'no kind is'}), so its patched payload cannot be checked; name its definition with --jobs, or say --unchecked`,
    );
  }
  if (bytes > maxBytes)
    return [{ path: '', message: `has ${bytes} bytes, at most ${maxBytes} are accepted (job.maxPayloadBytes)` }];
  const upcast = decideUpcast(payload, version, definition.version, definition.upcast);
  if (upcast.kind === 'failed') return [{ path: '', message: upcast.message }];
  if (upcast.kind === 'newer')
    return [{ path: '', message: `is of version ${version}, and ${definition.version} is known here` }];
  try {
    await validatePayload(kind, definition.payload, upcast.payload);
    return [];
  } catch (error) {
    return error instanceof PayloadInvalidError ? error.faults : [{ path: '', message: errorMessage(error) }];
  }
}

function wherein({ deadId }: SelectedLetter, path: string): string {
  return path === '' ? deadId : `${deadId}: ${path}`;
}
