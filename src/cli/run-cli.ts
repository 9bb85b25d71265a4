import { type Command, CommanderError } from 'commander';
import { isBulwarkError } from '../errors/bulwark-error.js';
import type { Act } from './action.js';
import { Cli } from './cli.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import type { GlobalOptions } from './global-options.js';
import { Output, type OutputStreams } from './output.js';
import { createProgram } from './program.js';

/** Runs one command line and answers its exit code. Whatever goes wrong is said on stderr; nothing is thrown. */
export async function runCli(argv: readonly string[], streams: OutputStreams): Promise<number> {
  const output = new Output(streams, wantsJson(argv));
  let code: number = exitCodes.done;
  let cli: Cli | undefined;
  const act: Act =
    (action) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      cli = new Cli(command.optsWithGlobals<GlobalOptions>(), output);
      code = await action(cli, ...(given.slice(0, -1) as never[]));
    };
  try {
    await createProgram(act, streams).parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return reportWrongUse(error, output);
    reportFailure(error, output);
    const advice = cli?.adviceOn(error);
    if (advice) output.say(advice);
    return exitCodeOf(error);
  }
}

/** Asked before anything is parsed, because a line that cannot be parsed is answered in JSON, too. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** Commander has said what is wrong, or shown the help that was asked for. */
function reportWrongUse(error: CommanderError, output: Output): number {
  if (error.exitCode === 0) return exitCodes.done;
  const message =
    error.code === 'commander.help' ? 'the command is not complete' : error.message.replace(/^error: /, '');
  output.document({ error: { code: 'BULWARK_USAGE_INVALID', message } });
  return exitCodes.usage;
}

function reportFailure(error: unknown, output: Output): void {
  if (isBulwarkError(error)) {
    const [first, ...rest] = error.message.split('\n');
    output.say([`bulwark: ${first} [${error.code}]`, ...rest].join('\n'));
    output.document({ error: { code: error.code, message: error.message, details: error.details } });
  } else {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    // What Redis itself refused explains itself; anything else is a bug, and its stack is what a report needs.
    output.say(
      `bulwark: ${name === 'ReplyError' ? `Redis refused: ${message}` : `unexpected error, please report it: ${stack}`}`,
    );
    output.document({ error: { code: name, message } });
  }
}
