import { nearestWord } from '../errors/suggestion.js';
import type { ConfigFault } from './config-error.js';
import { type GivenValue, type OptionSource, type Reading, sourceText } from './given-value.js';
import { type OptionEntry, optionEntries } from './option-entries.js';
import { optionTable } from './options.js';

/**
 * Finds the options in an object of the shape `{ section: { option: value } }`, from a file or from code. Names that are no
 * options are faults; undefined counts as not given.
 */
export function readObject(input: unknown, source: OptionSource): Reading {
  const origin = sourceText(source);
  if (!isRecord(input)) {
    return faulty({ subject: 'the configuration', rule: 'must be an object of sections', value: brief(input), origin });
  }
  const readings = Object.entries(input)
    .filter(([, options]) => options !== undefined)
    .map(([section, options]) => readSection(section, options, source));
  return { given: readings.flatMap(({ given }) => given), faults: readings.flatMap(({ faults }) => faults) };
}

function readSection(section: string, options: unknown, source: OptionSource): Reading {
  const origin = sourceText(source);
  if (!Object.hasOwn(optionTable, section)) {
    const suggestion = nearestWord(section, Object.keys(optionTable));
    return faulty({ subject: section, rule: 'is not a section of options', origin, suggestion });
  }
  if (!isRecord(options)) {
    return faulty({ subject: section, rule: 'must be an object of options', value: brief(options), origin });
  }
  const given: GivenValue[] = [];
  const faults: ConfigFault[] = [];
  for (const [name, input] of Object.entries(options)) {
    if (input === undefined) continue;
    const entry = optionEntries.find((candidate) => candidate.section === section && candidate.name === name);
    if (entry) given.push({ entry, input, source });
    else {
      faults.push({
        subject: `${section}.${name}`,
        rule: 'is not an option',
        origin,
        suggestion: suggestOption(section, name),
      });
    }
  }
  return { given, faults };
}

/** The likeliest slips: the unit left out, a typo, the right option in the wrong section. */
function suggestOption(section: string, name: string): string | undefined {
  const sameSection = optionEntries.filter((entry) => entry.section === section);
  const typo = nearestWord(
    name,
    sameSection.map((entry) => entry.name),
  );
  const meant =
    sameSection.find((entry) => withoutUnit(entry) === name) ??
    sameSection.find((entry) => entry.name === typo) ??
    optionEntries.find((entry) => entry.name === name);
  return meant?.path;
}

function withoutUnit(entry: OptionEntry): string {
  return entry.name.replace(/(Ms|Bytes)$/, '');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only the type: what stands in an unknown place may be a secret. */
function brief(value: unknown): string {
  return Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
}

function faulty(fault: ConfigFault): Reading {
  return { given: [], faults: [fault] };
}
