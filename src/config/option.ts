import { type DurationInput, type DurationMs, parseDuration } from '../time/duration.js';
import { type ByteSizeInput, parseByteSize } from './byte-size.js';

/**
 * What the table of options says of one option. The kind decides how a value is read, checked, written and typed.
 */
export type Option = DurationOption | IntegerOption | BytesOption | ChoiceOption | FlagOption | TextOption | ListOption;

interface OptionBase {
  /** What it means, and what goes wrong at the extremes. Shown in the reference and by `bulwark config print`. */
  readonly doc: string;
}

/** Limits of a number; both ends are allowed values. */
interface Limits<N extends number> {
  readonly default: N;
  readonly min: N;
  readonly max: N;
}

export interface DurationOption extends OptionBase, Limits<DurationMs> {
  readonly kind: 'duration';
  /** Whether `false` is allowed, too: then there is no such limit. */
  readonly canBeOff?: true;
}

export interface IntegerOption extends OptionBase, Omit<Limits<number>, 'default'> {
  readonly kind: 'integer';
  /** `false` where there is no such limit unless somebody gives one. */
  readonly default: number | false;
  readonly canBeOff?: true;
}

/** An option that may be `false`. */
export interface CanBeOff {
  readonly canBeOff: true;
}

export interface BytesOption extends OptionBase, Limits<number> {
  readonly kind: 'bytes';
}

export interface ChoiceOption<C extends string = string> extends OptionBase {
  readonly kind: 'choice';
  readonly default: C;
  readonly choices: readonly C[];
}

export interface FlagOption extends OptionBase {
  readonly kind: 'flag';
  readonly default: boolean;
}

export interface TextOption extends OptionBase {
  readonly kind: 'text';
  readonly default: string;
  /** What a value must be, in words that follow "must be". */
  readonly expected: string;
  readonly accepts: (text: string) => boolean;
  /** How the value is shown to people, when it may hold a secret. */
  readonly mask?: (text: string) => string;
  /** Variables read after the option's own, for names the world has agreed on. */
  readonly otherVariables?: readonly string[];
}

export interface ListOption extends OptionBase {
  readonly kind: 'list';
  readonly default: readonly string[];
  /** What the entries are, in the plural. */
  readonly entries: string;
  /** Whether an entry is one; any text is by default. */
  readonly accepts?: (entry: string) => boolean;
}

/** A length of time. Users give milliseconds or a text with a unit; inside it is `DurationMs`. */
export function duration(
  spec: OptionBase & { readonly [Limit in keyof Limits<number>]: DurationInput },
): DurationOption {
  return {
    kind: 'duration',
    doc: spec.doc,
    default: parseDuration(spec.default),
    min: parseDuration(spec.min),
    max: parseDuration(spec.max),
  };
}

/** Lets a duration or a whole number be `false`: no value of its own stands for "never". */
export function orOff<O extends DurationOption | IntegerOption>(option: O): O & CanBeOff {
  return { ...option, canBeOff: true };
}

/** A whole number that is `false` until somebody gives one. */
export function integerOrOff(spec: OptionBase & Omit<Limits<number>, 'default'>): IntegerOption & CanBeOff {
  return { kind: 'integer', default: false, canBeOff: true, ...spec };
}

/** A size in bytes. Users give bytes or a text with a binary unit. */
export function bytes(spec: OptionBase & { readonly [Limit in keyof Limits<number>]: ByteSizeInput }): BytesOption {
  return {
    kind: 'bytes',
    doc: spec.doc,
    default: parseByteSize(spec.default),
    min: parseByteSize(spec.min),
    max: parseByteSize(spec.max),
  };
}

/** A whole number. */
export function integer(spec: OptionBase & Limits<number>): IntegerOption {
  return { kind: 'integer', ...spec };
}

/** One of a few words. */
export function choice<const C extends string>(spec: Omit<ChoiceOption<C>, 'kind'>): ChoiceOption<C> {
  return { kind: 'choice', ...spec };
}

/** Yes or no. */
export function flag(spec: Omit<FlagOption, 'kind'>): FlagOption {
  return { kind: 'flag', ...spec };
}

/** A text that must fit a rule. */
export function text(spec: Omit<TextOption, 'kind'>): TextOption {
  return { kind: 'text', ...spec };
}

/** Some texts; in the environment separated by commas. */
export function list(spec: Omit<ListOption, 'kind'>): ListOption {
  return { kind: 'list', ...spec, default: Object.freeze([...spec.default]) };
}
