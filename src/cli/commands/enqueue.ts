import { type Command, Option } from 'commander';
import type { DurationMs } from '../../time/duration.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { duration, wholeNumber } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';
import { counted } from '../wording.js';

interface EnqueueCommandOptions {
  readonly file?: string;
  readonly glob?: string[];
  readonly key?: string;
  readonly tenant?: string;
  readonly delay?: DurationMs;
  readonly priority?: number;
  readonly jobs?: string[];
  readonly wait?: true;
  readonly timeout: DurationMs;
}

const examples = `
Examples:
  bulwark enqueue document-digest '{"path":"README.md"}' --wait
  bulwark enqueue document-digest --glob '**/*.md' --wait
  bulwark enqueue webhook-deliver --file events.jsonl

Exit codes: 0 when enqueued, or with --wait when all jobs completed; 1 when one did not complete; 2 when a payload does not
fit its schema or the kind is not known, and then nothing was written; 3 when Redis cannot be reached; 130 after Ctrl-C while
waiting, which ends the wait and not the jobs.`;

const highestPriority = 2_097_151;

export function declareEnqueue(program: Command, act: Act): void {
  program
    .command('enqueue')
    .summary('put jobs into their queue, and wait for what becomes of them')
    .description(
      'Puts jobs of one kind into their queue. All payloads are checked first: when one does not fit its schema, nothing is written.',
    )
    .argument('<kind>', 'kind of the jobs')
    .argument('[json]', 'the payload of one job; with --glob what all payloads share')
    .option('--file <path>', 'one job for each line of this file, which is a payload as JSON; - reads stdin')
    .option('--glob <pattern...>', 'one job {"path": …} for each file here that fits')
    .option('--key <key>', 'identity of the job: the same key again makes no second job')
    .option('--tenant <tenant>', 'on whose behalf')
    .option('--delay <duration>', 'start no sooner than this from now', duration)
    .option('--priority <n>', 'order inside the queue: 0 goes first', wholeNumber(0, highestPriority))
    .option(
      '--jobs <path...>',
      'files or folders with compiled definitions of jobs (worker.jobs); default: the kinds that ship',
    )
    .option('--wait', 'wait until all jobs have ended and show their results')
    .addOption(new Option('--timeout <duration>', 'how long to wait').argParser(duration).default(duration('5m'), '5m'))
    .addHelpText('after', examples)
    .action(act(enqueueJobs));
}

async function enqueueJobs(
  cli: Cli,
  kind: string,
  json: string | undefined,
  options: EnqueueCommandOptions,
): Promise<number> {
  const { loadJobs } = await import('../load-jobs.js');
  const { KindRegistry } = await import('../../job/registry.js');
  const { readPayloads } = await import('../enqueue/read-payloads.js');
  const { checkPayloads } = await import('../enqueue/check-payloads.js');
  const { enqueueAll } = await import('../enqueue/enqueue-all.js');

  const settings = await cli.settings({ worker: { jobs: options.jobs } });
  const { values } = settings;
  const job = new KindRegistry(await loadJobs(values.worker.jobs)).require(kind);
  const given = await readPayloads({ json, file: options.file, glob: options.glob, stdin: process.stdin });
  if (options.key !== undefined && given.length > 1) {
    throw new UsageError(
      `--key is the identity of one job, and there are ${given.length}; leave it out, or enqueue them one by one`,
    );
  }
  const payloads = await checkPayloads(job, given, values.job.maxPayloadBytes);

  const startedAt = performance.now();
  const { key, tenant, delay, priority } = options;
  const { createProcessLogger } = await import('../process/process-logger.js');
  const { whileTracing } = await import('../process/process-tracing.js');
  const wishes = {
    ...(key !== undefined && { key }),
    ...(tenant !== undefined && { tenant }),
    ...(delay !== undefined && { delay }),
    ...(priority !== undefined && { priority }),
  };
  const log = createProcessLogger({ ...values.log, level: 'warn' }, 'cli', { json: true });
  const enqueued = await whileTracing('cli', log, () => enqueueAll(values, cli.output, job, payloads, wishes));
  const queue = job.queue.name;
  if (options.wait) {
    const { waitForResults } = await import('../enqueue/wait-for-results.js');
    const jobs = enqueued.map((one, index) => ({ job: one, origin: given[index]?.origin ?? '' }));
    const { deadAfterMs } = values.supervisor;
    const { output } = cli;
    return cli.withRedis(
      (redis) =>
        waitForResults({ redis, output, kind, queue, jobs, timeoutMs: options.timeout, startedAt, deadAfterMs }),
      settings,
    );
  }
  const known = enqueued.filter(({ duplicate }) => duplicate).length;
  const added = enqueued.length - known;
  const jobs = enqueued.map(({ id, duplicate }) => ({ id, duplicate }));
  cli.output.answer({ kind, queue, enqueued: added, known, jobs }, () => {
    const ids = enqueued.length === 1 ? `: ${enqueued[0]?.id}` : '';
    const news = `${counted(added, 'job')} enqueued in queue ${queue}`;
    if (known === 0) return `${news}${ids}`;
    const old = `${counted(known, 'job')} known by ${known === 1 ? 'its key' : 'their keys'}`;
    return added === 0 ? `nothing enqueued in queue ${queue}: ${old}${ids}` : `${news}; ${old}`;
  });
  return exitCodes.done;
}
