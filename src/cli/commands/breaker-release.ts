import type { Command } from 'commander';
import type { Act } from '../action.js';
import { declareBreakerChange } from '../breaker/breaker-change.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface ReleaseOptions {
  readonly why: string;
  readonly dryRun?: true;
}

export function declareBreakerRelease(breaker: Command, act: Act): void {
  declareBreakerChange(breaker, {
    name: 'release',
    summary: 'let a dependency be called again',
    description:
      'Closes a breaker, whatever holds it open. Calls come back by and by, over 20 seconds, and so do the jobs that were set aside. If the ' +
      'dependency still fails, it opens again by itself. Exits with 1 when nothing of that name is open or isolated.',
  }).action(act(releaseBreaker));
}

async function releaseBreaker(cli: Cli, name: string, { why, dryRun }: ReleaseOptions): Promise<number> {
  const { changeBreaker } = await import('../breaker/change-breaker.js');
  const result = await cli.withRedis((redis) => changeBreaker(redis, name, { kind: 'release', why }, dryRun === true));
  cli.output.answer({ ...result, dryRun: dryRun === true }, () => {
    if (result.before === 'closed') return `nothing to release: ${name} is closed`;
    return dryRun
      ? `would release ${name}, which is ${result.before}`
      : `${name} is released; its calls come back by and by`;
  });
  return result.before === 'closed' ? exitCodes.problem : exitCodes.done;
}
