import { type OptionFault, type OptionShapes, optionFaults, type ValueShape } from '../errors/option-faults.js';
import { ConfigError } from './config-error.js';
import { optionEntries } from './option-entries.js';

/** An address, or the options of the section `redis`. */
export const aRedisInput: ValueShape = {
  expected: 'an address or an object of options',
  fits: (value) => typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value)),
};

/** Judged by shape, as the compiler does: the logger may come from another copy of pino. */
export const aLogger: ValueShape = { expected: 'a pino logger', fits: (value) => hasMethods(value, ['info', 'child']) };

export const someMetrics: ValueShape = {
  expected: 'what createMetrics returned',
  fits: (value) => hasMethods(value, ['render']),
};

/**
 * Refuses options of `createWorker` and its like that are misspelt or of the wrong type: they would be ignored without a
 * word. What stands inside of a section is checked where the section is resolved.
 *
 * @throws ConfigError with every fault.
 */
export function assertCreationOptions<O>(creator: string, options: unknown, shapes: OptionShapes<O>): void {
  const faults = optionFaults(options, shapes);
  if (faults.length === 0) return;
  throw new ConfigError(faults.map((fault) => configFault(creator, fault, Object.keys(shapes))));
}

function configFault(creator: string, { name, suggestion, ...fault }: OptionFault, known: readonly string[]) {
  return {
    ...fault,
    subject: name ?? `the argument of ${creator}`,
    origin: `code, ${creator}`,
    suggestion: suggestion ?? placeOf(name, known),
  };
}

/** The place of an option that was written outside of its section: `worker.concurrency`. */
function placeOf(name: string | undefined, known: readonly string[]): string | undefined {
  return optionEntries.find((entry) => entry.name === name && known.includes(entry.section))?.path;
}

function hasMethods(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return methods.every((method) => typeof (value as Readonly<Record<string, unknown>>)[method] === 'function');
}
