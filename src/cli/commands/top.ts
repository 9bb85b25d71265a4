import { type Command, InvalidArgumentError, Option } from 'commander';
import { type DurationMs, parseDuration } from '../../time/duration.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { duration } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';

interface TopOptions {
  readonly once?: true;
  readonly watch?: true;
  readonly interval: DurationMs;
}

export function declareTop(program: Command, act: Act): void {
  program
    .command('top')
    .summary('the pool, live: queues, workers, breakers, overload, decisions')
    .description(
      'Shows the pool on one screen that is alive: how much waits in each queue and how fast it comes and goes, what workers do, which ' +
        'breakers hold jobs back, what gives way, how many workers are wanted, and what was decided last. ' +
        'Press ? for the keys, q to quit. Without a terminal it prints one frame, as with --once.',
    )
    .addOption(
      new Option('--interval <duration>', 'how often Redis is asked, from 200ms to 1m')
        .default(parseDuration('1s'), '1s')
        .argParser(interval),
    )
    .option('--once', 'look twice, one interval apart, print one frame as plain text and end')
    .option('--watch', 'with --json: one document a line, again and again, until Ctrl-C')
    .action(act(showTop));
}

/** More often shows nothing new: rates are told from looks that are a tenth of a second apart at least. */
const [shortest, longest] = [parseDuration('200ms'), parseDuration('1m')];

function interval(text: string): DurationMs {
  const value = duration(text);
  if (value >= shortest && value <= longest) return value;
  throw new InvalidArgumentError('Expected a duration from 200ms to 1m.');
}

async function showTop(cli: Cli, { once, watch, interval: everyMs }: TopOptions): Promise<number> {
  const { PictureReader } = await import('../top/read-picture.js');
  const { systemClock } = await import('../../time/clock.js');
  const { output } = cli;
  if (once && watch) throw new UsageError('--once shows one frame and --watch goes on: give one of them');
  if (watch && !output.json) {
    throw new UsageError('--watch is for programs and needs --json: on a terminal `bulwark top` goes on by itself');
  }
  const settings = await cli.settings();
  await cli.withRedis(async (redis) => {
    const reader = new PictureReader(redis, settings.values.supervisor.deadAfterMs, systemClock);
    const read = () => reader.read();
    if (watch) {
      const { streamPictures } = await import('../top/stream-pictures.js');
      await streamPictures(read, everyMs, (line) => output.pour(line));
    } else if (output.json || once || !process.stdout.isTTY) {
      const { printOnce } = await import('../top/print-once.js');
      await printOnce(read, everyMs, output, process.stdout.columns);
    } else {
      const { LiveView } = await import('../top/live-view.js');
      const { stdout, stdin } = process;
      await new LiveView({ read, everyMs, paint: output.paint, clock: systemClock, stdout, stdin }).run();
    }
  }, settings);
  return exitCodes.done;
}
