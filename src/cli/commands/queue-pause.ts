import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface PauseOptions {
  readonly why: string;
  readonly dryRun?: true;
}

export function declareQueuePause(queue: Command, act: Act): void {
  queue
    .command('pause')
    .summary('let a queue give out no more jobs')
    .description('Pauses a queue: it gives out no more jobs. Running ones go on, and jobs can still be enqueued.')
    .argument('<queue>', 'name of the queue')
    .option('--why <text>', 'why, for the audit stream', 'operator')
    .option('--dry-run', 'say what would change, and change nothing')
    .action(act(pauseQueue));
}

async function pauseQueue(cli: Cli, name: string, { why, dryRun }: PauseOptions): Promise<number> {
  return cli.withRedis(async (redis) => {
    const queue = await redis.requireQueue(name);
    const { paused, active } = await redis.inspector.sample(queue);
    const changed = !paused && !dryRun;
    if (changed) {
      await redis.writeDown({ what: 'queue.pause', queue, why, details: {} });
      await redis.admin.pause(queue);
    }
    const running = active === 0 ? 'nothing runs' : `${active} running go on`;
    cli.output.answer({ queue, paused: paused || changed, changed, dryRun: dryRun === true }, () => {
      if (paused) return `${queue} is paused already; ${running}`;
      return changed ? `${queue} is paused; ${running}` : `would pause ${queue}; ${running}`;
    });
    return exitCodes.done;
  });
}
