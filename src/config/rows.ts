import { type OptionSource, sourceText } from './given-value.js';
import { optionEntries } from './option-entries.js';
import { type OptionValue, showOptionValue } from './option-value.js';
import type { ResolvedConfig } from './resolve.js';

/** One option as `bulwark config print` shows it. */
export interface ConfigRow {
  /** `'worker.leaseMs'`. */
  readonly name: string;
  /** As one would write it, durations and sizes with their unit; a password is masked. */
  readonly value: string;
  /** `'default'`, `'file <path>'`, `'environment <variable>'` or `'code or flag'`. */
  readonly source: string;
  /** The environment variable that sets it. */
  readonly env: string;
  readonly doc: string;
}

type Named<T> = Readonly<Record<string, T>>;

/** Every option with its value and where that comes from, in the order of the table. */
export function configRows({ values, sources }: ResolvedConfig): ConfigRow[] {
  return optionEntries.flatMap(({ section, name, path, variables, option }) => {
    const value = (values[section] as Named<OptionValue>)[name];
    const source = (sources[section] as Named<OptionSource>)[name];
    if (value === undefined || source === undefined) return [];
    return [
      {
        name: path,
        value: showOptionValue(option, value),
        source: sourceText(source),
        env: variables[0],
        doc: option.doc,
      },
    ];
  });
}
