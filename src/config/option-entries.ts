import type { Option } from './option.js';
import { type OptionPath, optionTable, type Section } from './options.js';

/** One row of the table of options, with the names that follow from its place. */
export interface OptionEntry {
  readonly section: Section;
  /** The name inside its section: `'leaseMs'`. */
  readonly name: string;
  readonly path: OptionPath;
  /** The environment variables it is read from; the first that is set counts. */
  readonly variables: readonly [string, ...string[]];
  readonly option: Option;
}

/** Every option, in the order of the table. */
export const optionEntries: readonly OptionEntry[] = Object.entries(optionTable).flatMap(([section, options]) =>
  Object.entries<Option>(options).map(([name, option]) => entryOf(section as Section, name, option)),
);

function entryOf(section: Section, name: string, option: Option): OptionEntry {
  const own = environmentName(section, name);
  return {
    section,
    name,
    path: `${section}.${name}` as OptionPath,
    variables: option.kind === 'text' && option.otherVariables ? [own, ...option.otherVariables] : [own],
    option,
  };
}

/** `worker`, `leaseRenewMs` is `BULWARK_WORKER_LEASE_RENEW`: without `Ms`, because a variable may as well say `15s`. */
function environmentName(section: Section, name: string): string {
  return `BULWARK_${inWords(section)}_${inWords(name.replace(/Ms$/, ''))}`.toUpperCase();
}

function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`);
}
