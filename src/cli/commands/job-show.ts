import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface ShowOptions {
  readonly queue?: string;
}

export function declareJobShow(job: Command, act: Act): void {
  job
    .command('show')
    .summary('one job, whole')
    .description('Shows a job with its history and payload, wherever it is: in a queue or among the dead letters.')
    .argument('<id>', 'id of the job')
    .option('--queue <queue>', 'look only in this queue and its dead letters')
    .action(act(showJob));
}

async function showJob(cli: Cli, id: string, { queue }: ShowOptions): Promise<number> {
  const { findJob } = await import('../jobs/find-job.js');
  const { renderJob } = await import('../jobs/render-job.js');
  const { renderLetter } = await import('../dlq/render-letter.js');
  const found = await cli.withRedis((redis) => findJob(redis, id, queue));
  const { paint } = cli.output;
  cli.output.answer({ found }, () =>
    found
      .map((one) => (one.place === 'queue' ? renderJob(one.job, paint, one.heldBy) : renderLetter(one.letter, paint)))
      .join('\n\n'),
  );
  return exitCodes.done;
}
