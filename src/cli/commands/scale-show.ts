import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareScaleShow(scale: Command, act: Act): void {
  scale
    .command('show')
    .summary('how many workers each group wants, and why')
    .description(
      'Shows how many workers the leader wants for each group of queues, how many there are, what that was reckoned from, and what ' +
        'an operator has set. Exits with 1 when nobody has decided lately about a group that is shown.',
    )
    .argument('[group]', 'name of one group; default: all')
    .action(act(showScale));
}

async function showScale(cli: Cli, group: string | undefined): Promise<number> {
  const { groupNames, requireGroup } = await import('../scale/require-group.js');
  const { renderScale } = await import('../scale/render-scale.js');
  const views = await cli.withRedis(async (redis) => {
    if (group !== undefined) await requireGroup(redis, group);
    const groups = group === undefined ? await groupNames(redis) : [group];
    const [records, rules] = await Promise.all([redis.scale.records(), redis.scale.rules(groups)]);
    return groups.map((name) => ({
      group: name,
      decision: records.get(name) ?? null,
      rule: rules.get(name) ?? null,
    }));
  });
  cli.output.answer({ groups: views }, () => renderScale(views, cli.output.paint));
  const undecided = views.some(({ decision }) => decision === null);
  if (undecided) cli.output.say('nobody has decided lately: does a supervisor lead? `bulwark status` says');
  return undecided ? exitCodes.problem : exitCodes.done;
}
