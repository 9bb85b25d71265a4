import { type OptionFault, type OptionShapes, optionFaults } from '../errors/option-faults.js';
import { DefinitionError } from './definition-error.js';

/**
 * Refuses options that are misspelt or of the wrong type: they would be ignored without a word. `what` names their owner, such
 * as `'job send-receipt'`, and `section` the object inside it, such as `'retry'`.
 *
 * @throws DefinitionError with every fault.
 */
export function assertOptions<O>(what: string, options: unknown, shapes: OptionShapes<O>, section?: string): void {
  const faults = optionFaults(options, shapes);
  if (faults.length === 0) return;
  throw new DefinitionError(faults.map((fault) => `${what}: ${faultText(fault, section)}`).join('\n'));
}

/** Names the owner of some options before its name is checked: `'queue email'`. */
export function ownerText(owner: string, name: unknown): string {
  return typeof name === 'string' && name.length <= 100 ? `${owner} ${name}` : owner;
}

function faultText({ name, rule, value, suggestion }: OptionFault, section: string | undefined): string {
  const prefix = section === undefined ? '' : `${section}.`;
  const subject = name === undefined ? (section ?? 'the argument') : `${prefix}${name}`;
  const got = value === undefined ? '' : `, got ${value}`;
  return `${subject} ${rule}${got}${suggestion === undefined ? '' : `; did you mean ${prefix}${suggestion}?`}`;
}
