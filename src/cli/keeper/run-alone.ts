import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { type Environment, processEnvironment } from '../../config/env.js';
import { systemClock } from '../../time/clock.js';
import type { RunAlone } from '../../worker/lane.js';
import type { GlobalOptions } from '../global-options.js';
import { writeSuspectRole } from '../process/suspect-role.js';
import type { PoolOutput } from './child-output.js';
import { type ChildProgram, ForkedChild } from './forked-child.js';

export interface AlonePlan {
  readonly redisUrl: string;
  readonly globals: GlobalOptions;
  /** Flags of the worker that are for this one too. */
  readonly jobs: readonly string[] | undefined;
  readonly terminal: true | undefined;
  /** How long it may drain before it is killed. */
  readonly killGraceMs: number;
  readonly output: PoolOutput;
  readonly log: Logger;
}

const entry = fileURLToPath(new URL('../main.js', import.meta.url));

/** Runs suspects with this command line again: each in a worker that is there for one job. */
export function createRunAlone(plan: AlonePlan, env: Environment = processEnvironment()): RunAlone {
  const { killGraceMs, output, log } = plan;
  return async (suspect, as, stop) => {
    const child: ForkedChild = new ForkedChild({
      program: aloneProgram(plan, writeSuspectRole({ ...suspect, as }), env),
      killGraceMs,
      output,
      clock: systemClock,
      log: log.child({ child: as }),
      onReady: () => undefined,
      // The job that it was there for has been given up.
      onReplaceWish: () => void child.stop(),
    });
    const drain = () => void child.stop();
    stop.addEventListener('abort', drain, { once: true });
    const { record } = await child.ended;
    stop.removeEventListener('abort', drain);
    return child.leaving ? undefined : record;
  };
}

/** It serves no window: nobody would know where. */
function aloneProgram(
  { redisUrl, globals, jobs, terminal }: AlonePlan,
  suspect: string,
  env: Environment,
): ChildProgram {
  const { namespace, config } = globals;
  return {
    module: entry,
    args: [
      'worker',
      'run',
      '--kept',
      '--suspect',
      suspect,
      ...(terminal ? ['--terminal'] : []),
      ...(namespace === undefined ? [] : ['--namespace', namespace]),
      ...(config === undefined ? [] : ['--config', config]),
      ...(jobs === undefined ? [] : ['--jobs', ...jobs]),
    ],
    env: { ...env, BULWARK_REDIS_URL: redisUrl, BULWARK_HTTP_ENABLED: 'false' },
  };
}
