import { rounded } from '../figures.js';
import type { FunctionShare } from '../peers/cpu-profile.js';
import type { Subject } from '../peers/subject.js';
import { type PrivateRedis, withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { type CommandFigures, QueueGauge } from '../queue-gauge.js';
import { type DrainPlan, drain } from '../runs/drain.js';
import { headline, shortened } from './throughput.js';

const shownFunctions = 25;

/** What the time of the headline of `throughput` goes to: commands of Redis, and functions of Node. */
export const profile: Proof = {
  name: 'profile',
  about: 'what the time per job goes to: commands of Redis, functions of Node (1 min)',
  run: (say, { quick }) =>
    withPrivateRedis(async (redis): Promise<ProofResult> => {
      const gauge = new QueueGauge(redis.url);
      await gauge.connect();
      const plan = quick ? shortened(headline) : headline;
      try {
        say('Bulwark …');
        const bulwark = await profileOf('bulwark', plan, redis, gauge);
        say('plain BullMQ …');
        const bullmq = await profileOf('bullmq', plan, redis, gauge);
        return { proof: 'profile', bulwark: bulwark.figures, bullmq: bullmq.figures, lost: bulwark.lost };
      } finally {
        gauge.close();
      }
    }),
};

/** One run with everything watched: slower than it would be alone, so only the shares are of use. */
async function profileOf(subject: Subject, plan: DrainPlan, redis: PrivateRedis, gauge: QueueGauge) {
  let functions: readonly FunctionShare[] = [];
  let commands: readonly CommandFigures[] = [];
  const { lost } = await drain(subject, plan, redis, gauge, {
    before: async ([worker]) => {
      await worker?.ask({ ask: 'start-profile' });
      await gauge.resetCommands();
    },
    after: async ([worker]) => {
      commands = await gauge.commands();
      functions = (await worker?.ask({ ask: 'end-profile' })) ?? [];
    },
  });
  return { lost, figures: { ...commandFigures(commands, plan.jobs), ...functionFigures(functions) } };
}

/** Commands inside scripts are counted by Redis as if they came from outside; the time of a script holds theirs. */
function commandFigures(commands: readonly CommandFigures[], jobs: number): Figures {
  const perJob = commands
    .filter(({ calls }) => calls > jobs / 1_000)
    .sort((a, b) => b.micros - a.micros)
    .map(({ command, calls, micros }) => [
      `redis ${command}`,
      `${rounded(micros / jobs)} µs, ${rounded(calls / jobs)} calls`,
    ]);
  return Object.fromEntries(perJob);
}

function functionFigures(functions: readonly FunctionShare[]): Figures {
  return Object.fromEntries(
    functions.slice(0, shownFunctions).map(({ where, share }) => [`node ${where}`, `${rounded(share * 100)} %`]),
  );
}
