import type { ConfigFault } from './config-error.js';
import { type OptionSource, sourceText } from './given-value.js';
import { exactDuration, type OptionValue } from './option-value.js';
import { type OptionPath, type Relation, relations } from './options.js';

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
    if (!one || !other || holds(relation, Number(one.value), Number(other.value))) return [];
    return [
      {
        subject: relation.option,
        rule: `must be ${comparison(relation)} ${relation.other}, which is ${exactDuration(Number(other.value))} (${sourceText(other.source)})`,
        value: exactDuration(Number(one.value)),
        origin: sourceText(one.source),
        why: relation.why,
      },
    ];
  });
}

/** The rule in words that stand between "must be" and the other option. */
export function comparison({ rule, times }: Relation): string {
  return times === 1 ? rule : `${rule} ${times} times`;
}

function holds({ rule, times }: Relation, value: number, other: number): boolean {
  return rule === 'below' ? value < times * other : value >= times * other;
}
