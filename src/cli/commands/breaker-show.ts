import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareBreakerShow(breaker: Command, act: Act): void {
  breaker
    .command('show')
    .summary('one breaker, whole')
    .description(
      'Shows a breaker: its state and since when, why, what it waits for, and which jobs are set aside because of it. Exits with 1 when ' +
        'nothing of that name has opened lately.',
    )
    .argument('<name>', 'name of the dependency, or `<dependency>/<key>`')
    .action(act(showBreaker));
}

async function showBreaker(cli: Cli, name: string): Promise<number> {
  const { readBreaker } = await import('../breaker/read-breakers.js');
  const { renderBreaker } = await import('../breaker/render-breaker.js');
  const { output } = cli;
  const { now, breaker } = await cli.withRedis((redis) => readBreaker(redis, name));
  output.answer({ now, breaker: breaker ?? null }, () =>
    breaker === undefined
      ? `no breaker ${name} has opened lately: if a dependency is called so, it is called as usual`
      : renderBreaker(breaker, now, output.paint),
  );
  return breaker === undefined ? exitCodes.problem : exitCodes.done;
}
