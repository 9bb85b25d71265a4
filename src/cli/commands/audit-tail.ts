import type { Command } from 'commander';
import type { AuditFilter } from '../../audit/audit-filter.js';
import type { StoredEntry } from '../../audit/stored-entry.js';
import { systemClock } from '../../time/clock.js';
import { parseMoment } from '../../time/moment.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { wholeNumber } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';

interface TailOptions {
  readonly follow?: true;
  readonly since?: string;
  readonly what?: string;
  readonly by?: string;
  readonly queue?: string;
  readonly limit: number;
}

const examples = `
Examples:
  bulwark audit tail --since 2h --what breaker      what breakers did in the last two hours
  bulwark audit tail --by ada@host-7 --queue email  what Ada did to a queue
  bulwark audit tail -f                             what is decided from now on, until Ctrl-C`;

export function declareAuditTail(audit: Command, act: Act): void {
  audit
    .command('tail')
    .summary('what was decided lately, by whom and why')
    .description('Shows the newest entries of the audit stream, the newest last.')
    .option('-f, --follow', 'go on showing what is decided, until Ctrl-C; with --json one document a line')
    .option('--since <when>', 'only what was decided since then: 2h ago, or an ISO time')
    .option('--what <what>', 'only this, such as `breaker.open`, or `breaker` for all that was done to one')
    .option('--by <who>', 'only by this supervisor or operator')
    .option('--queue <queue>', 'only what is about this queue')
    .option('--limit <n>', 'so many at most', wholeNumber(1, 10_000), 50)
    .addHelpText('after', examples)
    .action(act(tail));
}

async function tail(cli: Cli, { follow, since, limit, ...rest }: TailOptions): Promise<number> {
  const { output } = cli;
  const filter: AuditFilter = { ...rest, ...(since !== undefined && { since: momentOf(since) }) };
  const { AuditReader } = await import('../../audit/audit-reader.js');
  const { newestEntries } = await import('../../audit/newest-entries.js');
  const { tellEntry } = await import('../../audit/told-entry.js');
  const { renderEntry } = await import('../audit/render-entry.js');
  const { followEntries } = await import('../audit/follow-entries.js');
  return cli.withRedis(async (redis) => {
    const reader = new AuditReader(redis.client, redis.keyspace);
    // Read first: what is written meanwhile is shown too.
    const head = await reader.head();
    const entries = await newestEntries(reader, filter, limit);
    const render = (entry: StoredEntry) => renderEntry(entry, output.paint);
    if (follow) {
      const lineOf = (entry: StoredEntry) => `${output.json ? JSON.stringify(tellEntry(entry)) : render(entry)}\n`;
      const show = (shown: readonly StoredEntry[]) => output.pour(shown.map(lineOf).join(''));
      const last = Math.max(head?.seq ?? 0, entries.at(-1)?.number ?? 0);
      if (await show(entries)) await followEntries(reader, filter, last, show);
      return exitCodes.done;
    }
    output.answer({ entries: entries.map(tellEntry) }, () => entries.map(render).join('\n'));
    if (entries.length === 0) output.say('nothing was decided that fits');
    return exitCodes.done;
  });
}

function momentOf(given: string): NonNullable<AuditFilter['since']> {
  const parsed = parseMoment('--since', given, systemClock.now());
  if ('fault' in parsed) throw new UsageError(parsed.fault);
  return parsed.value ?? systemClock.now();
}
