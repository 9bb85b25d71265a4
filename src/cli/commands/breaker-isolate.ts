import { type Command, Option } from 'commander';
import type { DurationMs } from '../../time/duration.js';
import type { Act } from '../action.js';
import { declareBreakerChange } from '../breaker/breaker-change.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { holdingTime } from '../option-parsers.js';
import { spokenDuration } from '../wording.js';

interface IsolateOptions {
  readonly why: string;
  readonly for?: DurationMs;
  readonly dryRun?: true;
}

export function declareBreakerIsolate(breaker: Command, act: Act): void {
  declareBreakerChange(breaker, {
    name: 'isolate',
    summary: 'keep everybody from calling a dependency',
    description:
      'Holds a breaker open until it is released or the given time has passed; then probes decide. Jobs that need the dependency run their ' +
      'fallback or are set aside without using up an attempt. Said again, it changes until when and why.',
  })
    .addOption(
      new Option('--for <duration>', 'when it ends by itself; without it only a release ends it').argParser(
        holdingTime,
      ),
    )
    .action(act(isolateBreaker));
}

async function isolateBreaker(cli: Cli, name: string, options: IsolateOptions): Promise<number> {
  const { changeBreaker } = await import('../breaker/change-breaker.js');
  const { output } = cli;
  const { why, for: forMs, dryRun } = options;
  const result = await cli.withRedis((redis) =>
    changeBreaker(redis, name, { kind: 'isolate', why, ...(forMs !== undefined && { forMs }) }, dryRun === true),
  );
  if (!result.wasKnown) {
    output.say(
      `nothing called ${name} has opened lately: mind that it is the name of a dependency, or <dependency>/<key>`,
    );
  }
  output.answer({ ...result, dryRun: dryRun === true }, () => {
    const end = forMs === undefined ? 'until it is released' : `for ${spokenDuration(forMs)}`;
    return dryRun ? `would isolate ${name} ${end}; it is ${result.before}` : `${name} is isolated ${end}`;
  });
  return exitCodes.done;
}
