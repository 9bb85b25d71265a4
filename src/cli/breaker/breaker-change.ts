import type { Command } from 'commander';

interface BreakerChange {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
}

/** What the commands that change a breaker have in common. */
export function declareBreakerChange(breaker: Command, { name, summary, description }: BreakerChange): Command {
  return breaker
    .command(name)
    .summary(summary)
    .description(description)
    .argument('<name>', 'name of the dependency, or `<dependency>/<key>`')
    .requiredOption('--why <text>', 'what for, for whoever looks at the breaker or the audit stream')
    .option('--dry-run', 'say what would change, and change nothing');
}
