import type { Command } from 'commander';
import { ConfigError } from '../../config/config-error.js';
import type { Finding } from '../../redis/fitness.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .summary('is everything set up right, and does every job have its place?')
    .description(
      'Looks at the configuration, at Redis (version, eviction policy, persistence, clock, memory, connections), at the ' +
        'supervisor and the workers, and counts every job of every queue: each must be in exactly one state. Changes nothing. ' +
        'Exits with 1 when there is an error.',
    )
    .action(act(runDoctor));
}

async function runDoctor(cli: Cli): Promise<number> {
  const { renderFindings } = await import('../doctor/render-findings.js');
  const { examine } = await import('../doctor/examine.js');
  const { output } = cli;
  const { findings, accounts } = await cli
    .settings()
    .then((settings) => cli.withRedis((redis) => examine(redis, settings), settings))
    .catch((error: unknown) => ({ findings: configFindings(error), accounts: [] }));
  const errors = findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.filter(({ level }) => level === 'warn').length;
  output.answer({ errors, warnings, findings, accounts }, () => renderFindings(findings, output.paint));
  return errors > 0 ? exitCodes.problem : exitCodes.done;
}

/** A configuration that cannot work is what the doctor was called for; it does not say where Redis is, though. */
function configFindings(error: unknown): Finding[] {
  if (!(error instanceof ConfigError)) throw error;
  return [{ check: 'configuration', level: 'error', detail: error.message, fix: 'mend it, and call the doctor again' }];
}
