import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface TraceOptions {
  readonly queue?: string;
}

export function declareJobTrace(job: Command, act: Act): void {
  job
    .command('trace')
    .summary("one job's whole story, and what happens next")
    .description(
      'Tells the story of a job in the order of time: who enqueued it, what it waited for, its attempts, steps and lost workers, its deaths ' +
        'and redrives, what happens next, and what is in its way. Exits with 1 when it is nowhere, and says what may have become of it.',
    )
    .argument('<id>', 'id of the job, or of a dead letter')
    .option('--queue <queue>', 'look only in this queue and its dead letters')
    .action(act(traceJob));
}

async function traceJob(cli: Cli, id: string, { queue }: TraceOptions): Promise<number> {
  const { readTraces } = await import('../trace/read-trace.js');
  const { renderTrace } = await import('../trace/render-trace.js');
  const settings = await cli.settings();
  const { deadAfterMs } = settings.values.supervisor;
  const traces = await cli.withRedis((redis) => readTraces(redis, id, queue, deadAfterMs), settings);
  cli.output.answer({ traces }, () => traces.map((trace) => renderTrace(trace, cli.output.paint)).join('\n\n'));
  return exitCodes.done;
}
