import type { Command } from 'commander';
import type { LetterFilter } from '../../dead-letter/letter-filter.js';
import type { DeadLetter } from '../../dead-letter/record.js';
import { systemClock } from '../../time/clock.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareFilter, type FilterOptions, readFilter } from '../dlq/filter-options.js';
import type { Looked } from '../dlq/list-letters.js';
import { exitCodes } from '../exit-code.js';
import { wholeNumber } from '../option-parsers.js';
import type { Paint } from '../output.js';
import type { RedisSession } from '../redis-session.js';
import { counted, shortened, spokenDuration } from '../wording.js';

interface ListOptions extends FilterOptions {
  readonly group?: true;
  readonly limit: number;
  readonly newest: number;
}

const messageShown = 60;

export function declareDlqLs(dlq: Command, act: Act): void {
  const command = dlq
    .command('ls')
    .summary('dead letters, the newest first, or their causes')
    .description(
      'Lists dead letters, the newest first: why each died and what its last error was. Equal fingerprints mean the same cause; --group counts by it.',
    )
    .argument('[queue]', 'only those of this queue')
    .option('--group', 'one line per cause, most first, and what to do about it');
  declareFilter(command)
    .option('--limit <n>', 'show at most so many letters, or causes', wholeNumber(1, 1000), 20)
    .option('--newest <n>', 'look only at the n newest of each queue', wholeNumber(1, 10_000_000), 100_000)
    .action(act(list));
}

async function list(cli: Cli, queue: string | undefined, options: ListOptions): Promise<number> {
  const filter = readFilter(options);
  return options.group ? showCauses(cli, queue, filter, options) : showLetters(cli, queue, filter, options);
}

async function showCauses(
  cli: Cli,
  queue: string | undefined,
  filter: LetterFilter,
  { limit, newest }: ListOptions,
): Promise<number> {
  const { groupLetters } = await import('../dlq/list-letters.js');
  const { renderGroups } = await import('../dlq/render-groups.js');
  const grouped = await cli.withRedis(async (redis) => groupLetters(await storesOf(redis, queue), filter, newest));
  const groups = grouped.groups.slice(0, limit);
  cli.output.answer({ ...grouped, groups, causes: grouped.groups.length }, () => {
    if (grouped.groups.length === 0) return nothing(grouped, newest);
    const shown =
      groups.length < grouped.groups.length
        ? `${groups.length} of ${grouped.groups.length} causes; --limit shows more`
        : '';
    return lines(renderGroups(groups, systemClock.now(), cli.output.paint), shown, bound(grouped, newest));
  });
  return exitCodes.done;
}

async function showLetters(
  cli: Cli,
  queue: string | undefined,
  filter: LetterFilter,
  { limit, newest }: ListOptions,
): Promise<number> {
  const { listLetters } = await import('../dlq/list-letters.js');
  const { renderTable } = await import('../table.js');
  const listed = await cli.withRedis(async (redis) => listLetters(await storesOf(redis, queue), filter, limit, newest));
  const { letters, matching, total } = listed;
  cli.output.answer(listed, () => {
    if (letters.length === 0) return nothing(listed, newest);
    const shown = letters.length < matching ? `${letters.length} of ${matching}; --limit shows more` : '';
    return lines(table(letters, renderTable, cli.output.paint), shown, matching < total ? bound(listed, newest) : '');
  });
  return exitCodes.done;
}

function table(letters: readonly DeadLetter[], render: typeof import('../table.js').renderTable, paint: Paint): string {
  const now = systemClock.now();
  return render<DeadLetter>(
    [
      { title: 'ID', value: ({ deadId }) => deadId },
      { title: 'QUEUE', value: (letter) => letter.queue },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'REASON', value: ({ reason }) => reason },
      {
        title: 'DIED',
        align: 'right',
        value: ({ diedAt }) => (diedAt > 0 ? `${spokenDuration(now - diedAt)} ago` : 'unknown'),
      },
      { title: 'FINGERPRINT', value: ({ error }) => error.fingerprint },
      { title: 'ERROR', value: ({ error }) => shortened(`${error.name}: ${error.message}`, messageShown) },
    ],
    letters,
    paint,
  );
}

async function storesOf(redis: RedisSession, queue: string | undefined) {
  const queues = queue === undefined ? await redis.queueNames() : [await redis.requireQueue(queue)];
  return queues.map((name) => redis.deadLetters(name));
}

function nothing(looked: Looked, newest: number): string {
  if (looked.total === 0) return 'no dead letters';
  return lines(`none of ${counted(looked.total, 'dead letter')} fits`, bound(looked, newest));
}

/** Nobody may take a part for the whole. */
function bound({ total, read }: Looked, newest: number): string {
  return read < total
    ? `only the ${newest} newest of each queue were looked at, ${read} of ${total}; --newest looks at more`
    : '';
}

/** A page, and what is to be said of it. */
function lines(page: string, ...notes: readonly string[]): string {
  const said = notes.filter((note) => note !== '');
  return said.length === 0 ? page : `${page}\n\n${said.join('\n')}`;
}
