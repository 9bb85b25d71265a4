import type { ConfigFault } from './config-error.js';
import { type OptionSource, sourceText } from './given-value.js';
import { optionEntries } from './option-entries.js';
import { formatOptionValue, type OptionValue } from './option-value.js';
import { type Comparison, type OptionPath, type Relation, relations } from './options.js';

/** A value that was read and obeys the rule of its own option. */
export interface SettledValue {
  readonly value: OptionValue;
  readonly source: OptionSource;
}

/**
 * Judges the rules between options. Pure.
 *
 * A rule counts only when both its options are there: one that is itself at fault is left out, and so are other sections
 * when only one is resolved.
 */
export function relationFaults(settled: ReadonlyMap<OptionPath, SettledValue>): ConfigFault[] {
  return relations.flatMap((relation) => {
    const one = settled.get(relation.option);
    const other = settled.get(relation.other);
    if (!one || !other) return [];
    const fault = { subject: relation.option, origin: sourceText(one.source), why: relation.why };
    if (relation.rule === 'needs') {
      if (isEmpty(one.value) || !isEmpty(other.value)) return [];
      // Without the value, which may be a secret and is not what is wrong.
      return [{ ...fault, rule: `${relationRule(relation)} ${relation.other}, which is empty` }];
    }
    // What is off limits nothing.
    if (one.value === false || other.value === false) return [];
    if (holds(relation, Number(one.value), Number(other.value))) return [];
    const limit = `${written(relation.other, other.value)} (${sourceText(other.source)})`;
    return [
      {
        ...fault,
        rule: `${relationRule(relation)} ${relation.other}, which is ${limit}`,
        value: written(relation.option, one.value),
      },
    ];
  });
}

/** The rule in words that stand between the two options. */
export function relationRule(relation: Relation): string {
  if (relation.rule === 'needs') return 'needs';
  return relation.times === 1 ? `must be ${relation.rule}` : `must be ${relation.rule} ${relation.times} times`;
}

function holds({ rule, times }: Comparison, value: number, other: number): boolean {
  return rule === 'below' ? value < times * other : value >= times * other;
}

function written(path: OptionPath, value: OptionValue): string {
  const entry = optionEntries.find((each) => each.path === path);
  return entry === undefined ? String(value) : formatOptionValue(entry.option, value);
}

function isEmpty(value: OptionValue): boolean {
  return typeof value === 'object' ? value.length === 0 : value === '';
}
