import { rounded } from '../figures.js';
import { withMeasuredRedis } from '../measured-redis.js';
import type { FunctionShare } from '../peers/cpu-profile.js';
import type { Subject } from '../peers/subject.js';
import type { Figures, Proof, ProofResult, Scenario } from '../proof.js';
import type { CommandFigures, QueueGauge } from '../queue-gauge.js';
import { drain } from '../runs/drain.js';
import { fill } from '../runs/fill.js';
import { many, single, tenth } from './enqueue.js';
import { headline, shortened } from './throughput-situations.js';

const shownFunctions = 25;

/** A process that can be watched. */
interface Watched {
  startProfile(): Promise<() => Promise<readonly FunctionShare[]>>;
}

/** Runs one subject, and calls the hooks around the part that counts. */
type WatchedRun = (subject: Subject, hooks: WatchHooks) => Promise<{ readonly lost: number }>;

interface WatchHooks {
  readonly before: (process: Watched | undefined) => Promise<void>;
  readonly after: () => Promise<void>;
}

/** What the time goes to. Watching costs time too, and falls on short functions most: the shares are of use, their sum is not. */
export const profile: Proof = {
  name: 'profile',
  about: 'what the time per job goes to: commands of Redis, functions of Node (1 min)',
  run: (say, { quick }) =>
    withMeasuredRedis(async (redis): Promise<ProofResult> => {
      const watch = async (name: string, jobs: number, run: WatchedRun): Promise<Scenario> => {
        say(`${name} …`);
        const bulwark = await watched('bulwark', jobs, redis.gauge, run);
        const bullmq = await watched('bullmq', jobs, redis.gauge, run);
        return { name, bulwark: bulwark.figures, bullmq: bullmq.figures, lost: bulwark.lost + bullmq.lost };
      };
      const [plan, one, lots] = quick ? [shortened(headline), tenth(single), tenth(many)] : [headline, single, many];
      const scenarios = [
        await watch('working off', plan.jobs, (subject, { before, after }) =>
          drain(subject, plan, redis, { before: ([worker]) => before(worker), after }),
        ),
        await watch('enqueue', one.jobs, (subject, hooks) => fill(subject, one, redis, hooks)),
        await watch('enqueueMany', lots.jobs, (subject, hooks) => fill(subject, lots, redis, hooks)),
      ];
      return { proof: 'profile', bulwark: {}, lost: scenarios.reduce((sum, { lost }) => sum + lost, 0), scenarios };
    }),
};

async function watched(
  subject: Subject,
  jobs: number,
  gauge: QueueGauge,
  run: WatchedRun,
): Promise<{ readonly figures: Figures; readonly lost: number }> {
  let endProfile: (() => Promise<readonly FunctionShare[]>) | undefined;
  let functions: readonly FunctionShare[] = [];
  let commands: readonly CommandFigures[] = [];
  const { lost } = await run(subject, {
    before: async (process) => {
      endProfile = await process?.startProfile();
      await gauge.resetCommands();
    },
    after: async () => {
      commands = await gauge.commands();
      functions = (await endProfile?.()) ?? [];
    },
  });
  return { lost, figures: { ...commandFigures(commands, jobs), ...functionFigures(functions) } };
}

/** Redis counts the commands inside of scripts as well; the time of a script holds theirs. */
function commandFigures(commands: readonly CommandFigures[], jobs: number): Figures {
  const perJob = commands
    .filter(({ micros }) => micros > jobs / 100)
    .sort((a, b) => b.micros - a.micros)
    .map(({ command, calls, micros }) => [
      `redis ${command}`,
      `${rounded(micros / jobs)} µs, ${rounded(calls / jobs)} ×`,
    ]);
  return Object.fromEntries(perJob);
}

/** First by part of the program, then the functions alone. */
function functionFigures(functions: readonly FunctionShare[]): Figures {
  const parts = new Map<string, number>();
  for (const { where, share } of functions) {
    const part = partOf(where);
    parts.set(part, (parts.get(part) ?? 0) + share);
  }
  const percent = (share: number) => `${rounded(share * 100)} %`;
  return Object.fromEntries([
    ...[...parts].sort(([, a], [, b]) => b - a).map(([part, share]) => [`node in ${part}`, percent(share)]),
    ...functions.slice(0, shownFunctions).map(({ where, share }) => [`node ${where}`, percent(share)]),
  ]);
}

/** A package, a room of ours, Node's own modules, or what has no file: collecting garbage, and functions written in C++. */
function partOf(where: string): string {
  const path = / (\S+):\d+$/.exec(where)?.[1];
  if (path === undefined) return where === '(garbage collector)' ? 'garbage collection' : 'native functions';
  if (path.startsWith('node:')) return "Node's modules";
  return /^(?:src|bench)\/[^/]+|^@[^/]+\/[^/]+|^[^/]+/.exec(path)?.[0] ?? path;
}
