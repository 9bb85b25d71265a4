import type { DurationInput, DurationMs } from '../time/duration.js';
import type { ByteSizeInput } from './byte-size.js';
import type {
  BytesOption,
  CanBeOff,
  ChoiceOption,
  DurationOption,
  FlagOption,
  IntegerOption,
  ListOption,
} from './option.js';
import type { OptionTable, Section } from './options.js';

/** What users may write for an option of this kind. */
type InputValue<O> = KindInput<O> | (O extends CanBeOff ? false : never);

type KindInput<O> = O extends DurationOption
  ? DurationInput
  : O extends BytesOption
    ? ByteSizeInput
    : O extends IntegerOption
      ? number
      : O extends ChoiceOption<infer C>
        ? C
        : O extends FlagOption
          ? boolean
          : O extends ListOption
            ? readonly string[]
            : string;

/** What the program gets of it. */
type ResolvedValue<O> = KindValue<O> | (O extends CanBeOff ? false : never);

type KindValue<O> = O extends DurationOption
  ? DurationMs
  : O extends BytesOption | IntegerOption
    ? number
    : O extends ChoiceOption<infer C>
      ? C
      : O extends FlagOption
        ? boolean
        : O extends ListOption
          ? readonly string[]
          : string;

/** The options of a section as users write them: all of them optional, undefined counts as not given. */
export type SectionOptions<S extends Section> = {
  readonly [O in keyof OptionTable[S]]?: InputValue<OptionTable[S][O]> | undefined;
};

/** The options of a section as the program uses them: complete, checked, frozen. */
export type ResolvedSection<S extends Section> = {
  readonly [O in keyof OptionTable[S]]: ResolvedValue<OptionTable[S][O]>;
};

/** Options as they are written in code. */
export type ConfigOptions = { readonly [S in Section]?: SectionOptions<S> | undefined };

/** Options as flags of a command line give them: what code may write, or its text. */
export type ConfigOverrides = {
  readonly [S in Section]?:
    | { readonly [O in keyof OptionTable[S]]?: InputValue<OptionTable[S][O]> | string | undefined }
    | undefined;
};

/** All options, complete. */
export type ResolvedOptions = { readonly [S in Section]: ResolvedSection<S> };

export type RedisOptions = SectionOptions<'redis'>;
export type ResolvedRedisOptions = ResolvedSection<'redis'>;
export type JobLimitOptions = SectionOptions<'job'>;
export type ResolvedJobLimitOptions = ResolvedSection<'job'>;
export type ProducerOptions = SectionOptions<'producer'>;
export type ResolvedProducerOptions = ResolvedSection<'producer'>;
export type WorkerOptions = SectionOptions<'worker'>;
export type ResolvedWorkerOptions = ResolvedSection<'worker'>;
export type SupervisorOptions = SectionOptions<'supervisor'>;
export type ResolvedSupervisorOptions = ResolvedSection<'supervisor'>;
export type DeadLetterOptions = SectionOptions<'deadLetter'>;
export type ResolvedDeadLetterOptions = ResolvedSection<'deadLetter'>;
export type HttpOptions = SectionOptions<'http'>;
export type ResolvedHttpOptions = ResolvedSection<'http'>;
export type LogOptions = SectionOptions<'log'>;
export type ResolvedLogOptions = ResolvedSection<'log'>;
