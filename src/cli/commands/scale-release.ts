import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface ReleaseOptions {
  readonly why: string;
  readonly dryRun?: true;
}

export function declareScaleRelease(scale: Command, act: Act): void {
  scale
    .command('release')
    .summary('end what an operator has set for a group')
    .description('Ends what `scale set` has set for a group before its time: it gets what it needs again.')
    .argument('<group>', 'name of the group')
    .requiredOption('--why <text>', 'what for, for whoever looks at the audit stream')
    .option('--dry-run', 'say what would change, and change nothing')
    .action(act(releaseScale));
}

async function releaseScale(cli: Cli, group: string, { why, dryRun }: ReleaseOptions): Promise<number> {
  const { releaseRule } = await import('../scale/change-rule.js');
  const { spokenRule } = await import('../scale/render-scale.js');
  const ended = await cli.withRedis((redis) => releaseRule(redis, group, why, dryRun === true));
  cli.output.answer({ group, ended: ended ?? null, dryRun: dryRun === true }, () => {
    if (ended === undefined) return `nothing is set for ${group}`;
    return `${group} ${dryRun ? 'would get' : 'gets'} what it needs again; set was ${spokenRule(ended)}`;
  });
  return exitCodes.done;
}
