import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { counted } from '../wording.js';

interface PurgeOptions {
  readonly why: string;
  readonly yes?: true;
  readonly dryRun?: true;
}

export function declareQueuePurge(queue: Command, act: Act): void {
  queue
    .command('purge')
    .summary('delete the jobs that wait in a queue')
    .description(
      'Deletes every job of a queue that waits, delayed ones included. Running jobs, completed ones and dead letters stay. ' +
        'It cannot be undone, so it needs --yes.',
    )
    .argument('<queue>', 'name of the queue')
    .option('--why <text>', 'why, for the audit stream', 'operator')
    .option('--yes', 'yes, delete them')
    .option('--dry-run', 'say what would be deleted, and delete nothing')
    .action(act(purgeQueue));
}

async function purgeQueue(cli: Cli, name: string, { why, yes, dryRun }: PurgeOptions): Promise<number> {
  return cli.withRedis(async (redis) => {
    const queue = await redis.requireQueue(name);
    const before = waitingJobs(await redis.inspector.sample(queue));
    if (dryRun || !yes) {
      const refused = !dryRun;
      cli.output.answer(
        { queue, deleted: 0, wouldDelete: before, dryRun: dryRun === true, refused },
        () => `would delete ${counted(before, 'waiting job')} of ${queue}`,
      );
      if (refused) cli.output.say('nothing was deleted: this cannot be undone, so say --yes');
      return refused ? exitCodes.problem : exitCodes.done;
    }
    await redis.writeDown({ what: 'queue.purge', queue, why, count: before, details: {} });
    await redis.admin.purge(queue);
    const left = waitingJobs(await redis.inspector.sample(queue));
    const deleted = Math.max(0, before - left);
    cli.output.answer(
      { queue, deleted, left, dryRun: false, refused: false },
      // A scheduler's next run is part of the scheduler, and jobs may have come meanwhile.
      () =>
        `deleted ${counted(deleted, 'waiting job')} of ${queue}${left > 0 ? `; ${left} came meanwhile or belong to a schedule` : ''}`,
    );
    return exitCodes.done;
  });
}

function waitingJobs(sample: {
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
}): number {
  return sample.waiting + sample.prioritized + sample.delayed;
}
