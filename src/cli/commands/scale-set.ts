import { type Command, Option } from 'commander';
import type { DurationMs } from '../../time/duration.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { holdingTime, wholeNumber } from '../option-parsers.js';
import { spokenDuration } from '../wording.js';

interface SetOptions {
  readonly min?: number;
  readonly max?: number;
  readonly exactly?: number;
  readonly for: DurationMs;
  readonly why: string;
  readonly dryRun?: true;
}

const mostWorkers = 10_000;

export function declareScaleSet(scale: Command, act: Act): void {
  const count = wholeNumber(0, mostWorkers);
  scale
    .command('set')
    .summary('set how many workers a group gets, for a while')
    .description(
      'Sets the fewest and the most workers that are wanted for a group, whatever is needed and whatever speaks against more. It ends by ' +
        'itself, or with `scale release`. Said again, it takes the place of what was set before.',
    )
    .argument('<group>', 'name of the group')
    .addOption(new Option('--min <n>', 'at least so many').argParser(count))
    .addOption(new Option('--max <n>', 'at most so many').argParser(count))
    .addOption(new Option('--exactly <n>', 'so many, neither more nor fewer').argParser(count))
    .addOption(new Option('--for <duration>', 'when it ends').argParser(holdingTime).makeOptionMandatory())
    .requiredOption('--why <text>', 'what for, for whoever looks at the group or the audit stream')
    .option('--dry-run', 'say what would change, and change nothing')
    .action(act(setScale));
}

async function setScale(cli: Cli, group: string, options: SetOptions): Promise<number> {
  const { setRule } = await import('../scale/change-rule.js');
  const { spokenEnds, spokenRule } = await import('../scale/render-scale.js');
  const { for: forMs, dryRun, ...given } = options;
  const { rule, before } = await cli.withRedis((redis) => setRule(redis, group, { ...given, forMs }, dryRun === true));
  cli.output.answer({ group, rule: { ...rule, forMs }, before: before ?? null, dryRun: dryRun === true }, () => {
    const instead = before === undefined ? '' : `, in the place of ${spokenRule(before)}`;
    return `${group} ${dryRun ? 'would get' : 'gets'} ${spokenEnds(rule)} for ${spokenDuration(forMs)}${instead}`;
  });
  return exitCodes.done;
}
