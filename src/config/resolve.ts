import { inspect } from 'node:util';
import { ConfigError, type ConfigFault } from './config-error.js';
import { readConfigFile } from './config-file.js';
import { type Environment, processEnvironment, readEnvironment } from './env.js';
import { type GivenValue, type OptionSource, type Reading, sourceText } from './given-value.js';
import { readObject } from './object-values.js';
import type { Option } from './option.js';
import { type OptionEntry, optionEntries } from './option-entries.js';
import { optionRule } from './option-rule.js';
import type { ConfigOverrides, ResolvedOptions, ResolvedSection, SectionOptions } from './option-types.js';
import { parseOptionValue } from './option-value.js';
import type { OptionPath, OptionTable, Section } from './options.js';
import { relationFaults, type SettledValue } from './relations.js';

/** Where the values of a configuration come from. */
export interface ConfigInput {
  /** @defaultValue the environment of this process */
  readonly env?: Environment | undefined;
  /**
   * Path of the configuration file, which must exist; false reads none.
   * @defaultValue what BULWARK_CONFIG names, else `bulwark.config.json` in the working directory when it is there
   */
  readonly file?: string | false | undefined;
  /** What code or flags say; wins over everything else. */
  readonly overrides?: ConfigOverrides | undefined;
}

/** Where each option's value comes from. */
export type OptionSources = {
  readonly [S in Section]: { readonly [O in keyof OptionTable[S]]: OptionSource };
};

/** A configuration, complete and checked, and where each of its values came from. */
export interface ResolvedConfig {
  readonly values: ResolvedOptions;
  readonly sources: OptionSources;
}

/** Enough to recognise a value by. */
const longestShown = 80;

const fromCode: OptionSource = { source: 'code' };

/**
 * Resolves every option from its default, the configuration file, the environment, and code or flags; what comes later
 * wins. All values are checked, also those that a later one hides: they would bite when that one goes.
 *
 * @throws ConfigError with every fault, when a value or a relation breaks its rule or a name is unknown.
 */
export function resolveConfig({ env = processEnvironment(), file, overrides = {} }: ConfigInput = {}): ResolvedConfig {
  const readings = [readConfigFile(file, env), readEnvironment(env), readObject(overrides, fromCode)];
  const settled = settle(optionEntries, readings);
  return Object.freeze({
    values: bySection(settled, ({ value }) => value) as ResolvedOptions,
    sources: bySection(settled, ({ source }) => source) as OptionSources,
  });
}

/**
 * Resolves one section from what code says, without environment and file: for those who use Bulwark as a library. Relations
 * with options of other sections are not judged, because nothing is known of those.
 *
 * @throws ConfigError with every fault.
 */
export function resolveSection<S extends Section>(section: S, options: SectionOptions<S> = {}): ResolvedSection<S> {
  const entries = optionEntries.filter((entry) => entry.section === section);
  const settled = settle(entries, [readObject({ [section]: options }, fromCode)]);
  return bySection(settled, ({ value }) => value)[section] as ResolvedSection<S>;
}

type Settled = ReadonlyMap<OptionPath, SettledValue>;

/** Lets each reading override the ones before it, and throws when anything is at fault. */
function settle(entries: readonly OptionEntry[], readings: readonly Reading[]): Settled {
  const settled = new Map<OptionPath, SettledValue>(
    entries.map(({ path, option }) => [path, { value: option.default, source: { source: 'default' } }]),
  );
  const faults: ConfigFault[] = [];
  const atFault = new Set<OptionPath>();
  for (const reading of readings) {
    faults.push(...reading.faults);
    for (const given of reading.given) {
      const value = parseOptionValue(given.entry.option, given.input);
      if (value !== undefined) settled.set(given.entry.path, { value, source: given.source });
      else {
        faults.push(valueFault(given));
        atFault.add(given.entry.path);
      }
    }
  }
  faults.push(...relationFaults(new Map([...settled].filter(([path]) => !atFault.has(path)))));
  if (faults.length > 0) throw new ConfigError(faults);
  return settled;
}

function valueFault({ entry, input, source }: GivenValue): ConfigFault {
  return {
    subject: entry.path,
    rule: `must be ${optionRule(entry.option)}`,
    value: showInput(entry.option, input),
    origin: sourceText(source),
  };
}

/** Shows what was given without filling the screen or showing a password. */
function showInput(option: Option, input: unknown): string {
  const masks = option.kind === 'text' && option.mask;
  if (masks && typeof input !== 'string') return `a value of type ${typeof input}`;
  const written = inspect(masks ? masks(String(input)) : input, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  return written.length <= longestShown ? written : `${written.slice(0, longestShown)}…`;
}

/** Turns paths into nested, frozen objects. The table gives both the paths and the types, so the casts above cannot miss. */
function bySection<T>(settled: Settled, pick: (value: SettledValue) => T): Record<string, Readonly<Record<string, T>>> {
  const sections: Record<string, Record<string, T>> = {};
  for (const [path, value] of settled) {
    const [section = '', name = ''] = path.split('.');
    sections[section] ??= {};
    sections[section][name] = pick(value);
  }
  for (const options of Object.values(sections)) Object.freeze(options);
  return Object.freeze(sections);
}
