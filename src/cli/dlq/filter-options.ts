import type { Command } from 'commander';
import {
  type GivenFilter,
  type LetterFilter,
  type LetterSelection,
  parseFilter,
  parseSelection,
} from '../../dead-letter/letter-filter.js';
import { systemClock } from '../../time/clock.js';
import type { Parsed } from '../../time/moment.js';
import { wholeNumber } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';

/** What the options of a command that chooses dead letters say. */
export interface FilterOptions extends GivenFilter {
  readonly limit?: number;
}

export interface SelectionOptions extends FilterOptions {
  readonly all?: true;
}

/** Lets a command choose dead letters by what they have in common. */
export function declareFilter(command: Command): Command {
  return command
    .option('--kind <kind>', 'only those of this kind')
    .option('--fingerprint <fingerprint>', 'only those of this cause, as `dlq ls` shows it')
    .option('--reason <reason>', 'only those that died for this reason')
    .option('--tenant <tenant>', 'only those of this tenant')
    .option('--since <when>', 'only those that died since then: 2h ago, or an ISO time')
    .option('--until <when>', 'only those that died before then');
}

/** Lets a command say which dead letters it changes. */
export function declareSelection(command: Command): Command {
  return declareFilter(
    command
      .argument('<queue>', 'the queue they died in')
      .argument('[id...]', 'ids in the dead-letter queue, as `dlq ls` shows them')
      .option('--all', 'all dead letters of the queue'),
  ).option('--limit <n>', 'the n oldest, of those that the filter lets through', wholeNumber(1, 1_000_000));
}

/** @throws UsageError when the options cannot be read. */
export function readFilter(options: FilterOptions): LetterFilter {
  return accepted(parseFilter(options, systemClock.now()));
}

/** @throws UsageError when nothing was said, or two different things. */
export function readSelection(ids: readonly string[], options: SelectionOptions): LetterSelection {
  return accepted(parseSelection({ ...options, ids }, systemClock.now()));
}

function accepted<T>(parsed: Parsed<T>): T {
  if ('fault' in parsed) throw new UsageError(parsed.fault);
  return parsed.value;
}
