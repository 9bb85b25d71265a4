import { Argument, type Command, Option } from 'commander';
import { type ShedTarget, shedTargets } from '../../shedding/shed-order.js';
import type { DurationMs } from '../../time/duration.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { operatorName } from '../operator.js';
import { duration, holdingTime } from '../option-parsers.js';
import { spokenDuration } from '../wording.js';

interface SetOptions {
  readonly why: string;
  readonly for: DurationMs;
  readonly dryRun?: true;
}

export function declareShedSet(shed: Command, act: Act): void {
  shed
    .command('set')
    .summary('have a class of work give way, or nothing')
    .description(
      'Has a class and all behind it give way, whatever the controller finds: their queues are shut, nothing is lost. `none` has nothing give ' +
        'way. It ends by itself, and then what was set aside comes back slowly. What is refused because the memory of Redis runs short stays refused.',
    )
    .addArgument(new Argument('<class>', 'the highest class that gives way').choices([...shedTargets]))
    .requiredOption('--why <text>', 'what for, for whoever looks at it or at the audit stream')
    .addOption(
      new Option('--for <duration>', 'when it ends by itself').argParser(holdingTime).default(duration('1h'), '1h'),
    )
    .option('--dry-run', 'say what would change, and change nothing')
    .action(act(setShed));
}

async function setShed(cli: Cli, target: ShedTarget, { why, for: forMs, dryRun }: SetOptions): Promise<number> {
  const { describeOrder } = await import('../shed/render-shed.js');
  const order = { target, by: operatorName(), why };
  await cli.withRedis(async (redis) => {
    if (dryRun) return;
    await redis.writeDown({ what: 'shed.set', why, details: { target, forMs } });
    await redis.shed.giveOrder(order, forMs);
  });
  cli.output.answer({ order: { ...order, endsInMs: forMs }, dryRun: dryRun === true }, () =>
    dryRun ? `would order that for ${spokenDuration(forMs)}` : describeOrder({ ...order, endsInMs: forMs }),
  );
  return exitCodes.done;
}
