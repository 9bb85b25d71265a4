import { type Command, Option } from 'commander';
import { tellCauses } from '../../dead-letter/group-letters.js';
import { spokenSelection } from '../../dead-letter/letter-filter.js';
import type { DurationMs } from '../../time/duration.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareSelection, readSelection, type SelectionOptions } from '../dlq/filter-options.js';
import { duration, wholeNumber } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';

interface RedriveOptions extends SelectionOptions {
  readonly why: string;
  readonly dryRun?: true;
  readonly patch?: string;
  readonly unchecked?: true;
  readonly jobs?: string[];
  readonly rate: number;
  readonly haltAt: number;
  readonly haltAfter: number;
  readonly watch: DurationMs | true | undefined;
}

const examples = `
Examples:
  bulwark dlq redrive email --fingerprint 3fa94c01d2be --dry-run         what would go back
  bulwark dlq redrive email --kind send-receipt --since 2h --rate 20     evenly, 20 a second
  bulwark dlq redrive email 42 --patch '{"to":"ada@example.com"}'        with another payload

It watches what it has put back, and halts by itself when that fails again. Exit codes: 0 when all went back; 1 when some did not, or it
halted; 2 when a patched payload does not fit its schema, and then nothing was changed; 130 after Ctrl-C, which leaves every letter
either dead or live.`;

const watchedByDefault = duration('1m');

export function declareDlqRedrive(dlq: Command, act: Act): void {
  const command = dlq
    .command('redrive')
    .summary('put dead letters back into their queue')
    .description(
      'Puts dead letters back into their queue, the oldest first, under the ids they had. Their attempts begin anew; their history stays.',
    );
  declareSelection(command)
    .option('--patch <json>', 'change the payloads on the way: a JSON merge patch (RFC 7396)')
    .option('--unchecked', 'do not check patched payloads against the schema of their kind')
    .option(
      '--jobs <path...>',
      'files or folders with compiled definitions of jobs (worker.jobs), to check patched payloads',
    )
    .option('--rate <n>', 'put back n a second at most', wholeNumber(1, 100_000), 100)
    .option(
      '--halt-at <percent>',
      'halt when more than so many of those that ended failed again',
      wholeNumber(1, 100),
      50,
    )
    .option('--halt-after <n>', 'and only when so many have ended', wholeNumber(1, 10_000), 10)
    .addOption(
      new Option('--watch [duration]', 'wait for the last of them to end, so long at most; 1m when not said').argParser(
        duration,
      ),
    )
    .option('--why <text>', 'why, for the audit stream', 'operator')
    .option('--dry-run', 'say what would be put back, and change nothing')
    .addHelpText('after', examples)
    .action(act(redriveLetters));
}

async function redriveLetters(cli: Cli, name: string, ids: string[], options: RedriveOptions): Promise<number> {
  const { selectLetters } = await import('../dlq/select-letters.js');
  const { rehearseRedrive } = await import('../dlq/rehearse-redrive.js');
  const { redriveAndReport } = await import('../dlq/redrive-and-report.js');
  const { loadPatch } = await import('../dlq/load-patch.js');
  const selection = readSelection(ids, options);
  if (options.unchecked && options.patch === undefined) {
    throw new UsageError('--unchecked is about patched payloads: give --patch, or leave it out');
  }
  const settings = await cli.settings({ worker: { jobs: options.jobs } });
  return cli.withRedis(async (redis) => {
    const queue = await redis.requireQueue(name);
    const store = redis.deadLetters(queue);
    const selected = await selectLetters(store, selection);
    for (const note of selected.notes) cli.output.say(note);
    const { patch: json, unchecked = false } = options;
    const patch = json === undefined ? undefined : await loadPatch(store, json, unchecked, settings);
    await patch?.assertFits(selected.letters);
    if (options.dryRun) return rehearseRedrive(cli.output, redis, queue, selected);
    if (selected.letters.length > 0) {
      const { letters, groups } = selected;
      const details = { which: spokenSelection(selection), patched: patch !== undefined, causes: tellCauses(groups) };
      const { why } = options;
      await redis.writeDown({ what: 'dead_letters.redrive', queue, why, count: letters.length, details });
    }
    const { rate: ratePerSecond, haltAt, haltAfter, watch = 0 } = options;
    return redriveAndReport(cli.output, store, selected, {
      patch,
      ratePerSecond,
      halt: { minEnded: haltAfter, maxFailingRatio: haltAt / 100 },
      watchMs: watch === true ? watchedByDefault : watch,
    });
  }, settings);
}
