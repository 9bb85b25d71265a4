import { type Command, Option } from 'commander';
import type { DurationMs } from '../../time/duration.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { duration } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';

interface CancelOptions {
  readonly queue?: string;
  readonly why: string;
  readonly timeout: DurationMs;
  readonly dryRun?: true;
}

export function declareJobCancel(job: Command, act: Act): void {
  job
    .command('cancel')
    .summary('call a job off, wherever it is')
    .description(
      'Calls a job off: one that waits is dead-lettered at once; the worker of one that runs aborts its signal, and it is dead-lettered ' +
        'when its handler has ended, or reacted for too long to nothing. It can be redriven. Exits with 1 when the job was not called off.',
    )
    .argument('<id>', 'id of the job')
    .option('--queue <queue>', 'the queue it is in, where the id is in more than one')
    .option('--why <text>', 'why, for whoever looks at the dead letter', 'called off by an operator')
    .addOption(
      new Option('--timeout <duration>', 'how long a running job is waited for')
        .argParser(duration)
        .default(duration('10s'), '10s'),
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(act(cancel));
}

async function cancel(cli: Cli, id: string, { queue, why, timeout, dryRun }: CancelOptions): Promise<number> {
  const { findJob } = await import('../jobs/find-job.js');
  const { cancelJob } = await import('../jobs/cancel-job.js');
  const { renderCancel } = await import('../jobs/render-cancel.js');
  const result = await cli.withRedis(async (redis) => {
    const found = await findJob(redis, id, queue);
    const live = found.filter(({ place }) => place === 'queue');
    if (live.length > 1) {
      throw new UsageError(`job ${id} is in ${live.map((one) => one.queue).join(' and ')}; say which with --queue`);
    }
    const [one] = live.length === 1 ? live : found;
    if (live.length === 1 && one && !dryRun) {
      await redis.writeDown({ what: 'job.cancel', queue: one.queue, job: id, why, details: {} });
    }
    const request = { id, queue: one?.queue ?? '', why, timeoutMs: timeout, dryRun: dryRun === true };
    return cancelJob(redis, request);
  });
  cli.output.answer({ ...result, dryRun: dryRun === true }, () => renderCancel(result, dryRun === true));
  const isDone = result.outcome === 'cancelled' || result.outcome === 'marked' || dryRun === true;
  return isDone ? exitCodes.done : exitCodes.problem;
}
