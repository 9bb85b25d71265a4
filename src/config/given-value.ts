import type { ConfigFault } from './config-error.js';
import type { OptionEntry } from './option-entries.js';

/** Where the value of an option comes from. */
export interface OptionSource {
  readonly source: 'default' | 'file' | 'environment' | 'code';
  /** The path of the file, or the name of the environment variable. */
  readonly detail?: string;
}

/** A value that somebody gave for an option; not yet read. */
export interface GivenValue {
  readonly entry: OptionEntry;
  readonly input: unknown;
  readonly source: OptionSource;
}

/** What one source has to say. */
export interface Reading {
  readonly given: readonly GivenValue[];
  readonly faults: readonly ConfigFault[];
}

/** Names a source for people: `'environment BULWARK_WORKER_LEASE'`. */
export function sourceText({ source, detail }: OptionSource): string {
  const kind = source === 'code' ? 'code or flag' : source;
  return detail === undefined ? kind : `${kind} ${detail}`;
}
