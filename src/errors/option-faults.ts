import { nearestWord } from './suggestion.js';

/** What kind of value an option takes. */
export interface ValueShape {
  /** In words that follow "must be". */
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

/** What an object of options may say: the name of every option, and the shape of its value. */
export type OptionShapes<O> = { readonly [Name in keyof Required<O>]: ValueShape };

/** What is wrong with one option, or with the object of options when `name` is undefined. */
export interface OptionFault {
  readonly name: string | undefined;
  /** As the rest of a sentence: `'is not an option'`. */
  readonly rule: string;
  /** The sort of value that was given; never the value itself, which may be a secret. */
  readonly value?: string;
  /** The name that was likely meant. */
  readonly suggestion?: string | undefined;
}

export const aText: ValueShape = { expected: 'a string', fits: (value) => typeof value === 'string' };
export const aFunction: ValueShape = { expected: 'a function', fits: (value) => typeof value === 'function' };
export const aList: ValueShape = { expected: 'a list', fits: Array.isArray };
export const anObject: ValueShape = { expected: 'an object', fits: isObject };
/** For a value that is checked where it is read. */
export const anything: ValueShape = { expected: 'anything', fits: () => true };

const none: readonly OptionFault[] = [];

/**
 * Finds names that are no options and values of the wrong shape, which the compiler does not see in plain JavaScript. An
 * option that is undefined counts as not given. Pure, and cheap enough for every enqueue.
 */
export function optionFaults<O>(options: unknown, shapes: OptionShapes<O>): readonly OptionFault[] {
  if (!isObject(options)) return [{ name: undefined, rule: 'must be an object of options', value: sortOf(options) }];
  let faults: OptionFault[] | undefined;
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (value === undefined) continue;
    const shape = Object.hasOwn(shapes, name) ? shapes[name as keyof O] : undefined;
    if (shape?.fits(value)) continue;
    faults ??= [];
    faults.push(faultOf(name, value, shape, shapes));
  }
  return faults ?? none;
}

function faultOf<O>(name: string, value: unknown, shape: ValueShape | undefined, shapes: OptionShapes<O>): OptionFault {
  if (shape === undefined) {
    return { name, rule: 'is not an option', suggestion: nearestWord(name, Object.keys(shapes)) };
  }
  // A value that fits a near name was likely meant for that one: `job: [...]` for `jobs`.
  const fitting = Object.entries<ValueShape>(shapes).filter(([, { fits }]) => fits(value));
  const suggestion = nearestWord(
    name,
    fitting.map(([known]) => known),
  );
  return { name, rule: `must be ${shape.expected}`, value: sortOf(value), suggestion };
}

/** Names the sort of a value: `'a list'`, `'an object'`. */
export function sortOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
