import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { z } from 'zod';
import {
  createProducer,
  createWorker,
  defineDependency,
  defineJob,
  defineQueue,
  type JobContext,
} from '../../src/index.js';
import { median, rounded, spread } from '../figures.js';
import { withMeasuredRedis } from '../measured-redis.js';
import type { Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';

const rounds = 15;
const callsPerRound = 100_000;
/** So often the loop of the process gets its turn, as it does between the calls of a worker. */
const callsPerTurn = 500;
const mostMicros = 5;
const log = pino({ level: 'silent' });

/** What `ctx.call` costs on a dependency that is well, beside a call of the same function without it. */
export const callCost: Proof = {
  name: 'call-cost',
  about: 'what ctx.call costs of Node on a healthy dependency, and what it asks of Redis (20 s)',
  run: (say, { quick }) =>
    withMeasuredRedis(async ({ url, gauge }): Promise<ProofResult> => {
      const measured = await inAJob(url, async (ctx) => {
        await measure(ctx, 1, callsPerRound);
        await gauge.resetCommands();
        const samples = await measure(ctx, quick ? 1 : rounds, quick ? callsPerTurn : callsPerRound);
        const commands = (await gauge.commands()).reduce((sum, { calls }) => sum + calls, 0);
        return { samples, commands };
      });
      const { samples, commands } = measured;
      const extra = samples.map(({ guarded, bare }) => guarded - bare);
      say(`${samples.length} rounds of ${quick ? callsPerTurn : callsPerRound} calls`);
      const figures = {
        nodeMicrosPerCall: rounded(median(extra)),
        nodeMicrosOfBareCall: rounded(median(samples.map(({ bare }) => bare))),
        // Beats, renewals and the exchange of breakers are by the second, and not by the call.
        redisCommandsPerThousandCalls: rounded((commands * 1_000) / (samples.length * callsPerRound)),
      };
      return {
        proof: 'call-cost',
        bulwark: figures,
        noise: { nodeMicrosPerCall: rounded(spread(extra)) },
        ...(!quick && {
          bounds: {
            nodeMicrosPerCall: atMost(mostMicros, figures.nodeMicrosPerCall),
            redisCommandsPerThousandCalls: atMost(1, figures.redisCommandsPerThousandCalls),
          },
        }),
        lost: 0,
      };
    }),
};

const dependency = defineDependency({ name: 'healthy' });
const answer = async (signal?: AbortSignal) => signal;

interface Sample {
  readonly bare: number;
  readonly guarded: number;
}

/** In turn, so that whatever else happens on the machine happens to both. */
async function measure(ctx: JobContext, times: number, calls: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < times; round++) {
    samples.push({
      bare: await microsPerCall(calls, () => answer()),
      guarded: await microsPerCall(calls, () => ctx.call(dependency, answer)),
    });
  }
  return samples;
}

/** Time on the processor, of all threads, garbage collection among them. */
async function microsPerCall(calls: number, call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < calls; done++) {
    await call();
    if (done % callsPerTurn === 0) await turn();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** Runs something as the handler of a job in a worker, with everything that a worker has. */
async function inAJob<T>(url: string, run: (ctx: JobContext) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const job = defineJob({
      kind: 'measure',
      queue: defineQueue({ name: 'call-cost' }),
      payload: z.object({}),
      dependencies: [dependency],
      timeout: '10m',
      run: async (_payload, ctx) => {
        try {
          const result = await run(ctx);
          void end().then(() => resolve(result), reject);
        } catch (error) {
          reject(error);
        }
      },
    });
    const worker = createWorker({ redis: url, jobs: [job], log });
    const producer = createProducer({ redis: url, log });
    const end = async () => {
      await producer.close();
      await worker.stop();
    };
    worker.start().then(() => producer.enqueue(job, {}), reject);
  });
}
