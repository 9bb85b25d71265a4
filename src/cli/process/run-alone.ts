import { fork } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Environment, processEnvironment } from '../../config/env.js';
import type { EpochMs } from '../../time/duration.js';
import type { RunAlone } from '../../worker/lane.js';
import type { GlobalOptions } from '../global-options.js';
import type { StopMessage } from './keeper-message.js';
import { OutputTail } from './output-tail.js';
import { type SuspectRole, writeSuspectRole } from './suspect-role.js';

export interface AlonePlan {
  readonly redisUrl: string;
  readonly globals: GlobalOptions;
  readonly jobs: readonly string[] | undefined;
  /** How long it may drain before it is killed. */
  readonly killGraceMs: number;
}

const entry = fileURLToPath(new URL('../main.js', import.meta.url));

/** Runs suspects with this command line again: a worker that is there for one job. */
export function createRunAlone(plan: AlonePlan, env: Environment = processEnvironment()): RunAlone {
  return (suspect, as, stop) =>
    new Promise((resolve, reject) => {
      const child = fork(entry, alone(plan, { ...suspect, as }), {
        env: { ...env, BULWARK_REDIS_URL: plan.redisUrl, BULWARK_HTTP_ENABLED: 'false' },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      const tail = new OutputTail();
      const listen = (from: Readable | null, to: Writable) =>
        from
          ?.setEncoding('utf8')
          .on('data', (text: string) => tail.add(text))
          .pipe(to, { end: false });
      listen(child.stdout, plan.globals.json ? process.stderr : process.stdout);
      listen(child.stderr, process.stderr);
      let overdue: NodeJS.Timeout | undefined;
      const drain = () => {
        overdue = setTimeout(() => child.kill('SIGKILL'), plan.killGraceMs);
        child.send({ bulwark: 'stop' } satisfies StopMessage, () => undefined);
      };
      stop.addEventListener('abort', drain, { once: true });
      child.once('error', reject);
      // `close` comes when all that it wrote has been read, too.
      child.once('close', (exitCode, signal) => {
        clearTimeout(overdue);
        stop.removeEventListener('abort', drain);
        const isCrash = exitCode !== 0 && !stop.aborted;
        resolve(isCrash ? { exitCode, signal, endedAt: Date.now() as EpochMs, lines: tail.lines } : undefined);
      });
    });
}

function alone({ globals, jobs }: AlonePlan, role: SuspectRole): string[] {
  const { namespace, config } = globals;
  return [
    'worker',
    'run',
    '--kept',
    '--suspect',
    writeSuspectRole(role),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
    ...(config === undefined ? [] : ['--config', config]),
    ...(jobs === undefined ? [] : ['--jobs', ...jobs]),
  ];
}
