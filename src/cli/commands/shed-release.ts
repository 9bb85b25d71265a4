import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface ReleaseOptions {
  readonly why: string;
  readonly dryRun?: true;
}

export function declareShedRelease(shed: Command, act: Act): void {
  shed
    .command('release')
    .summary('take an order back')
    .description(
      'Takes back what `shed set` ordered: the controller decides alone, and what was set aside comes back slowly.',
    )
    .option('--why <text>', 'why, for the audit stream', 'released by an operator')
    .option('--dry-run', 'say what would change, and change nothing')
    .action(act(releaseShed));
}

async function releaseShed(cli: Cli, { why, dryRun }: ReleaseOptions): Promise<number> {
  const released = await cli.withRedis(async (redis) => {
    const order = await redis.shed.order();
    if (order === undefined || dryRun) return order;
    await redis.writeDown({ what: 'shed.release', why, details: { target: order.target, orderedBy: order.by } });
    await redis.shed.releaseOrder();
    return order;
  });
  cli.output.answer({ released: released ?? null, dryRun: dryRun === true }, () => {
    if (released === undefined) return 'nobody has ordered anything';
    return dryRun ? `would take back the order of ${released.by}` : `took back the order of ${released.by}`;
  });
  return exitCodes.done;
}
