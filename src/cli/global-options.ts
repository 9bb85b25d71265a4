import type { Command } from 'commander';

/** What may be said to every command. */
export interface GlobalOptions {
  readonly redis?: string;
  readonly namespace?: string;
  readonly config?: string;
  readonly json?: true;
}

/** Declares them on the root: commander takes them before and after the command's own. */
export function declareGlobalOptions(program: Command): void {
  program
    .option('--redis <url>', 'where Redis is, e.g. redis://127.0.0.1:6379')
    .option('--namespace <name>', 'what all keys begin with')
    .option('--config <file>', 'configuration file, instead of bulwark.config.json in this folder')
    .option('--json', 'write exactly one JSON document to stdout; logs and notes go to stderr');
}
