import type { RedisInput } from '../../src/index.js';
import { type RunningProcess, spawnProcess } from '../support/processes.js';

const library = new URL('../../dist/src/index.js', import.meta.url).href;
const clockJump = new URL('../../dist/bench/peers/jump-clock.js', import.meta.url).href;
const zod = import.meta.resolve('zod');

/** What a job of these processes does; a plain producer of the test enqueues it. */
export interface ChaosPayload {
  /** How long it runs. */
  readonly ms?: number;
  /** How long it holds up the event loop of its process, before anything else. */
  readonly blocksMs?: number;
  /** `once`: fails at its first attempt. `always`: fails for good. `crash`: takes its whole process down. */
  readonly fails?: 'once' | 'always' | 'crash';
}

/** Paces at which deaths are noticed soon, so that a test need not wait for them. */
export const quickWorker = { beatMs: 50, leaseMs: 1_500, leaseRenewMs: 300, abortGraceMs: 100 } as const;
export const quickSupervisor = {
  leaseMs: 600,
  renewMs: 100,
  sweepMs: 100,
  sampleMs: 100,
  deadAfterMs: 500,
  quarantineMs: 100,
} as const;

/** The definition that worker process and producer share, as text and as told by `line` on standard output when a run begins or ends. */
const definition = `
  import { createSupervisor, createWorker, defineJob, defineQueue, PermanentError } from ${JSON.stringify(library)};
  import { z } from ${JSON.stringify(zod)};
  const tell = (fields) => process.stdout.write(JSON.stringify(fields) + '\\n');
  const chaos = defineJob({
    kind: 'chaos',
    queue: defineQueue({ name: 'chaos', criticality: 'critical' }),
    payload: z.looseObject({}),
    retry: { attempts: 5, base: 1, cap: 1 },
    async run({ ms = 0, blocksMs = 0, fails }, ctx) {
      tell({ event: 'started', id: ctx.jobId });
      for (const until = Date.now() + blocksMs; Date.now() < until; );
      if (fails === 'crash') process.kill(process.pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (fails === 'once' && ctx.attempt === 1) throw new Error('again');
      if (fails === 'always') throw new PermanentError('never');
      tell({ event: 'ended', id: ctx.jobId });
    },
  });
`;

/** With SIGUSR2 the wall clock of the process jumps by so much. */
interface ClockOfProcess {
  readonly jumpsMs?: number;
}

function clockOf({ jumpsMs = 0 }: ClockOfProcess): string {
  return `
    import { jumpClock } from ${JSON.stringify(clockJump)};
    process.once('SIGUSR2', () => {
      jumpClock(${jumpsMs});
      tell({ event: 'jumped', now: Date.now() });
    });
  `;
}

/** A worker in a process of its own, so that it can be killed. SIGTERM stops it. */
export function spawnWorker(redis: RedisInput, worker: object, clock: ClockOfProcess = {}): RunningProcess {
  return spawnModule(`${definition}${clockOf(clock)}
    const worker = createWorker({ redis: ${JSON.stringify(redis)}, jobs: [chaos], worker: ${JSON.stringify(worker)} });
    process.once('SIGTERM', () => worker.stop().then((report) => tell({ event: 'stopped', ...report })));
    await worker.start();
    tell({ event: 'ready', id: worker.id });
  `);
}

/** A supervisor in a process of its own. */
export function spawnSupervisor(
  redis: RedisInput,
  supervisor: object = {},
  clock: ClockOfProcess = {},
): RunningProcess {
  return spawnModule(`${definition}${clockOf(clock)}
    const supervisor = createSupervisor({ redis: ${JSON.stringify(redis)}, supervisor: ${JSON.stringify(supervisor)} });
    process.once('SIGTERM', () => supervisor.stop());
    await supervisor.start();
    tell({ event: 'ready', id: supervisor.id });
  `);
}

/** Resolves when the process is up, with its id in the pool. */
export async function ready(started: RunningProcess): Promise<string> {
  const { fields } = await started.waitForLine((line) => line.fields['event'] === 'ready');
  return String(fields['id']);
}

/** The jobs that a process told of, one entry per run. */
export function told(started: RunningProcess, event: 'started' | 'ended'): string[] {
  return started.lines.filter(({ fields }) => fields['event'] === event).map(({ fields }) => String(fields['id']));
}

function spawnModule(program: string): RunningProcess {
  return spawnProcess(process.execPath, ['--input-type=module', '-e', program]);
}
