import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareQueueLs(queue: Command, act: Act): void {
  queue
    .command('ls')
    .summary('all queues and how many jobs they hold')
    .description('Lists the queues that workers and producers have told of, with the jobs in each state.')
    .action(act(listQueues));
}

async function listQueues(cli: Cli): Promise<number> {
  const { readQueues } = await import('../status/read-queues.js');
  const { renderQueues } = await import('../status/render-queues.js');
  const queues = await cli.withRedis((redis) => readQueues(redis, Date.now()));
  cli.output.answer({ queues }, () => renderQueues(queues, cli.output.paint));
  return exitCodes.done;
}
