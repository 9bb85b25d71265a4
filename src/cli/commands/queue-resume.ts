import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface ResumeOptions {
  readonly why: string;
  readonly dryRun?: true;
}

export function declareQueueResume(queue: Command, act: Act): void {
  queue
    .command('resume')
    .summary('let a paused queue give out jobs again')
    .description('Ends the pause of a queue: it gives out jobs again.')
    .argument('<queue>', 'name of the queue')
    .option('--why <text>', 'why, for the audit stream', 'operator')
    .option('--dry-run', 'say what would change, and change nothing')
    .action(act(resumeQueue));
}

async function resumeQueue(cli: Cli, name: string, { why, dryRun }: ResumeOptions): Promise<number> {
  return cli.withRedis(async (redis) => {
    const queue = await redis.requireQueue(name);
    const { paused, waiting, prioritized } = await redis.inspector.sample(queue);
    const changed = paused && !dryRun;
    if (changed) {
      await redis.writeDown({ what: 'queue.resume', queue, why, details: {} });
      await redis.admin.resume(queue);
    }
    const held = `${waiting + prioritized} waiting`;
    cli.output.answer({ queue, paused: paused && !changed, changed, dryRun: dryRun === true }, () => {
      if (!paused) return `${queue} is not paused`;
      return changed ? `${queue} gives out jobs again, ${held}` : `would resume ${queue}, ${held}`;
    });
    return exitCodes.done;
  });
}
