import { type Command, Option } from 'commander';
import type { WorkerOrder } from '../../recovery/order.js';
import type { WorkerBeat } from '../../recovery/worker-beat.js';
import type { DurationMs } from '../../time/duration.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { duration } from '../option-parsers.js';

/** What the commands that tell workers something have in common. */
export interface OrderOptions {
  readonly all?: true;
  readonly why: string;
  readonly timeout: DurationMs;
  readonly dryRun?: true;
}

export interface OrderCommand {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
}

export function declareWorkerOrder(worker: Command, { name, summary, description }: OrderCommand): Command {
  return worker
    .command(name)
    .summary(summary)
    .description(`${description} Exits with 1 when one has not followed in time.`)
    .argument('[id...]', 'ids of workers, as `worker ls` shows them, or what they begin with')
    .option('--all', 'all workers of the pool')
    .addOption(
      new Option('--timeout <duration>', 'how long each may take to follow')
        .argParser(duration)
        .default(duration('30s'), '30s'),
    )
    .option('--why <text>', 'why, for the audit stream', 'operator')
    .option('--dry-run', 'say who would be told, and tell nobody');
}

interface Wish {
  readonly order: Extract<WorkerOrder, { kind: 'quiet' | 'drain' | 'restart' }>;
  /** Whether a worker with this beat does what is wanted; undefined when it is not on the list any more. */
  readonly follows: (beat: WorkerBeat | undefined) => boolean;
  /** What it does then: "takes no more jobs". */
  readonly done: string;
  /** What it was told: "take no more jobs". */
  readonly wanted: string;
}

/** Tells workers, one after another, and says who followed. */
export async function giveOrder(
  cli: Cli,
  ids: readonly string[],
  { all, why, timeout, dryRun }: OrderOptions,
  { order, follows, done, wanted }: Wish,
): Promise<number> {
  const { orderWorker, selectWorkers } = await import('./order-workers.js');
  return cli.withRedis(async (redis) => {
    const selected = await selectWorkers(redis, { ids, ...(all && { all }) });
    const workers: { id: string; followed: boolean }[] = [];
    for (const id of selected) {
      if (dryRun) workers.push({ id, followed: false });
      else {
        const what = `worker.${order.kind}` as const;
        await redis.writeDown({ what, worker: id, why, details: {} });
        workers.push(await orderWorker(redis, id, order, follows, timeout));
      }
    }
    cli.output.answer({ workers, dryRun: dryRun === true }, () =>
      workers.length === 0
        ? 'no workers'
        : workers
            .map(({ id, followed }) => {
              if (dryRun) return `would tell ${id} to ${wanted}`;
              return followed ? `${id} ${done}` : `${id} was told to ${wanted}, and has not followed yet`;
            })
            .join('\n'),
    );
    return dryRun || workers.every(({ followed }) => followed) ? exitCodes.done : exitCodes.problem;
  });
}
