import { type Command, Option } from 'commander';
import { tellCauses } from '../../dead-letter/group-letters.js';
import { spokenSelection } from '../../dead-letter/letter-filter.js';
import { systemClock } from '../../time/clock.js';
import type { DurationMs } from '../../time/duration.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareSelection, readSelection, type SelectionOptions } from '../dlq/filter-options.js';
import type { PayloadPatch } from '../dlq/payload-patch.js';
import type { Selected } from '../dlq/select-letters.js';
import { exitCodeOfSignal, exitCodes } from '../exit-code.js';
import { duration, wholeNumber } from '../option-parsers.js';
import type { RedisSession } from '../redis-session.js';
import { UsageError } from '../usage-error.js';

interface RedriveOptions extends SelectionOptions {
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
const askedAtOnce = 500;

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
    .option('--dry-run', 'say what would be put back, and change nothing')
    .addHelpText('after', examples)
    .action(act(redriveLetters));
}

async function redriveLetters(cli: Cli, name: string, ids: string[], options: RedriveOptions): Promise<number> {
  const { selectLetters } = await import('../dlq/select-letters.js');
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
    const { patch: json, unchecked = false } = options;
    const patch = json === undefined ? undefined : await loadPatch(store, json, unchecked, settings);
    await patch?.assertFits(selected.letters);
    if (options.dryRun) return rehearse(cli, redis, queue, selected);
    if (selected.letters.length > 0) {
      const { letters, groups } = selected;
      const details = { which: spokenSelection(selection), patched: patch !== undefined, causes: tellCauses(groups) };
      await redis.audit('dead_letters.redrive', queue, letters.length, details);
    }
    return redrive(cli, redis, queue, selected, patch, options);
  }, settings);
}

async function redrive(
  cli: Cli,
  redis: RedisSession,
  queue: string,
  { letters, notFound }: Selected,
  patch: PayloadPatch | undefined,
  { rate, haltAt, haltAfter, watch }: RedriveOptions,
): Promise<number> {
  const { RedriveRun } = await import('../dlq/redrive-run.js');
  const { renderRedrive } = await import('../dlq/render-redrive.js');
  const { startProgress } = await import('../enqueue/progress-bar.js');
  const { interruptible } = await import('../process/interrupt.js');
  const { operatorName } = await import('../operator.js');
  const { output } = cli;
  const halt = { minEnded: haltAfter, maxFailingRatio: haltAt / 100 };
  const progress = startProgress(output, queue, letters.length);
  const { result: report, interrupt } = await interruptible(async (signal) => {
    const run = new RedriveRun({
      store: redis.deadLetters(queue),
      letters,
      by: operatorName(),
      payloadOf: async (letter) => patch?.payloadOf(letter),
      ratePerSecond: rate,
      halt,
      watchMs: watch === true ? watchedByDefault : (watch ?? 0),
      signal,
      clock: systemClock,
      onProgress: (done) => progress.update(done),
    });
    try {
      await run.run();
    } catch (error) {
      output.say(`${run.report.redriven.length} dead letters were put back into ${queue} before this:`);
      throw error;
    } finally {
      progress.end();
    }
    return { ...run.report, notFound: [...notFound, ...run.report.notFound] };
  });
  output.answer({ queue, ...report, dryRun: false }, () =>
    renderRedrive(queue, report, halt, systemClock.now(), output.paint),
  );
  if (report.end === 'interrupted') return exitCodeOfSignal(interrupt ?? 'SIGINT');
  const refused = report.notFound.length + report.idTaken.length > 0;
  return report.end === 'halted' || refused ? exitCodes.problem : exitCodes.done;
}

/** Says what would go back, and why it is there. */
async function rehearse(
  cli: Cli,
  redis: RedisSession,
  queue: string,
  { letters, notFound, groups }: Selected,
): Promise<number> {
  const { renderCounts } = await import('../dlq/render-counts.js');
  const { renderGroups } = await import('../dlq/render-groups.js');
  const redriven: string[] = [];
  const idTaken: string[] = [];
  for (let from = 0; from < letters.length; from += askedAtOnce) {
    const batch = letters.slice(from, from + askedAtOnce);
    const live = await Promise.all(batch.map(({ id }) => redis.client.exists(redis.keyspace.queue(queue, id))));
    for (const [index, { deadId }] of batch.entries()) (live[index] === 1 ? idTaken : redriven).push(deadId);
  }
  cli.output.answer({ queue, redriven, notFound, idTaken, dryRun: true, groups }, () => {
    const counts = renderCounts([
      [redriven, `would go back into ${queue}`],
      [notFound, `unknown among those of ${queue}`],
      [idTaken, 'would stay where they are: a job with the same id is in the queue'],
    ]);
    return [counts, ...(groups.length > 0 ? [renderGroups(groups, systemClock.now(), cli.output.paint)] : [])].join(
      '\n',
    );
  });
  return notFound.length + idTaken.length > 0 ? exitCodes.problem : exitCodes.done;
}
