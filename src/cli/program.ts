import { type Argument, Command } from 'commander';
import { bulwarkVersion } from '../telemetry/version.js';
import type { Act, Declare } from './action.js';
import { declareAuditExport } from './commands/audit-export.js';
import { declareAuditHead } from './commands/audit-head.js';
import { declareAuditTail } from './commands/audit-tail.js';
import { declareAuditVerify } from './commands/audit-verify.js';
import { declareBreakerIsolate } from './commands/breaker-isolate.js';
import { declareBreakerLs } from './commands/breaker-ls.js';
import { declareBreakerRelease } from './commands/breaker-release.js';
import { declareBreakerShow } from './commands/breaker-show.js';
import { declareConfigPrint } from './commands/config-print.js';
import { declareDlqExport } from './commands/dlq-export.js';
import { declareDlqImport } from './commands/dlq-import.js';
import { declareDlqLs } from './commands/dlq-ls.js';
import { declareDlqPurge } from './commands/dlq-purge.js';
import { declareDlqRedrive } from './commands/dlq-redrive.js';
import { declareDlqShow } from './commands/dlq-show.js';
import { declareDoctor } from './commands/doctor.js';
import { declareEnqueue } from './commands/enqueue.js';
import { declareJobCancel } from './commands/job-cancel.js';
import { declareJobShow } from './commands/job-show.js';
import { declareJobTrace } from './commands/job-trace.js';
import { declareQueueLs } from './commands/queue-ls.js';
import { declareQueuePause } from './commands/queue-pause.js';
import { declareQueuePurge } from './commands/queue-purge.js';
import { declareQueueResume } from './commands/queue-resume.js';
import { declareScaleRelease } from './commands/scale-release.js';
import { declareScaleSet } from './commands/scale-set.js';
import { declareScaleShow } from './commands/scale-show.js';
import { declareShedRelease } from './commands/shed-release.js';
import { declareShedSet } from './commands/shed-set.js';
import { declareShedShow } from './commands/shed-show.js';
import { declareStatus } from './commands/status.js';
import { declareSupervisorRun } from './commands/supervisor-run.js';
import { declareUp } from './commands/up.js';
import { declareWorkerDrain } from './commands/worker-drain.js';
import { declareWorkerLs } from './commands/worker-ls.js';
import { declareWorkerQuiet } from './commands/worker-quiet.js';
import { declareWorkerRestart } from './commands/worker-restart.js';
import { declareWorkerRun } from './commands/worker-run.js';
import { declareGlobalOptions } from './global-options.js';
import type { OutputStreams } from './output.js';

const examples = `
Examples:
  bulwark up                                                    a whole pool in this folder
  bulwark enqueue document-digest --glob '**/*.md' --wait       give it work and see the results
  bulwark status --watch                                        what it is doing
  bulwark dlq redrive documents --all                           try again what failed for good

Exit codes: 0 done; 1 found a problem or refused; 2 wrong use; 3 Redis not reachable; 128 + n ended early by signal n.`;

/** Builds the tree of commands. What commander itself has to say goes to `streams`; it never ends the process. */
export function createProgram(act: Act, streams: OutputStreams, helpWidth?: number): Command {
  const program = new Command('bulwark')
    .description('A resilient worker pool for BullMQ.')
    .version(bulwarkVersion, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('`bulwark --help` lists the commands, and `bulwark <command> --help` explains one')
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm,
      ...(helpWidth !== undefined && { helpWidth }),
    })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'bulwark: ')),
    });
  declareGlobalOptions(program);
  program.addHelpText('after', examples);

  declareUp(program, act);
  declareStatus(program, act);
  declareEnqueue(program, act);
  declareDoctor(program, act);
  group(program, act, 'worker', 'run workers, look at them and tell them what to do', [
    declareWorkerRun,
    declareWorkerLs,
    declareWorkerQuiet,
    declareWorkerDrain,
    declareWorkerRestart,
  ]);
  group(program, act, 'supervisor', 'run a supervisor process', [declareSupervisorRun]);
  group(program, act, 'queue', 'look at queues and change them', [
    declareQueueLs,
    declareQueuePause,
    declareQueueResume,
    declareQueuePurge,
  ]);
  group(program, act, 'job', 'look at one job, or call it off', [declareJobShow, declareJobTrace, declareJobCancel]);
  group(program, act, 'dlq', 'work with dead letters', [
    declareDlqLs,
    declareDlqShow,
    declareDlqRedrive,
    declareDlqExport,
    declareDlqImport,
    declareDlqPurge,
  ]);
  group(program, act, 'breaker', 'look at circuit breakers, and hold them open', [
    declareBreakerLs,
    declareBreakerShow,
    declareBreakerIsolate,
    declareBreakerRelease,
  ]);
  group(program, act, 'scale', 'see how many workers are wanted, and set it', [
    declareScaleShow,
    declareScaleSet,
    declareScaleRelease,
  ]);
  group(program, act, 'shed', 'look at what gives way under overload, and decide it', [
    declareShedShow,
    declareShedSet,
    declareShedRelease,
  ]);
  group(program, act, 'audit', 'see who decided what and why, and prove that nobody changed it', [
    declareAuditTail,
    declareAuditVerify,
    declareAuditExport,
    declareAuditHead,
  ]);
  group(program, act, 'config', 'look at the configuration', [declareConfigPrint]);
  return program;
}

/** `enqueue <kind> [json]`, or a noun with its verbs: `queue ls|pause|resume|purge`. */
function subcommandTerm(command: Command): string {
  const verbs = command.commands.map((verb) => verb.name()).join('|');
  return [command.name(), ...(verbs === '' ? [] : [verbs]), ...command.registeredArguments.map(argumentTerm)].join(' ');
}

function argumentTerm(argument: Argument): string {
  const word = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${word}>` : `[${word}]`;
}

/** A noun and its verbs. */
function group(program: Command, act: Act, noun: string, summary: string, verbs: readonly Declare[]): void {
  const description = `${summary[0]?.toUpperCase()}${summary.slice(1)}.`;
  const parent = program.command(noun).description(description).summary(summary).helpCommand(false);
  for (const declare of verbs) declare(parent, act);
}
