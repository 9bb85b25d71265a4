import { withMeasuredRedis } from '../measured-redis.js';
import { subjects } from '../peers/subject.js';
import type { Proof, ProofResult, Scenario } from '../proof.js';
import { atLeast } from '../runs/bounds.js';
import { compare } from '../runs/compare.js';
import { type FillPlan, fill } from '../runs/fill.js';

/** A hundred requests at once, each with one job. */
export const single: FillPlan = { jobs: 60_000, batch: 1, lanes: 100, payloadBytes: 1_024, onDisk: false };
/** An importer that hands over a thousand at a time. */
export const many: FillPlan = { jobs: 60_000, batch: 1_000, lanes: 1, payloadBytes: 1_024, onDisk: false };
const rounds = 5;
/** Bulwark over plain BullMQ, in jobs a second. */
const leastSingle = 2;
const leastMany = 3;

/** How fast one process gets jobs into Redis, and what each costs; Bulwark checks every payload against its schema. */
export const enqueue: Proof = {
  name: 'enqueue',
  about: 'jobs a second into the queue, one by one and many at a time (4 min)',
  run: (say, { quick }) =>
    withMeasuredRedis(async (redis): Promise<ProofResult> => {
      const measure = async (name: string, plan: FillPlan): Promise<Scenario> => ({
        name,
        ...(await compare(
          quick && plan !== single ? ['bulwark', 'bullmq'] : subjects,
          quick ? 1 : rounds,
          async (subject, round) => {
            const sample = await fill(subject, quick ? tenth(plan) : plan, redis);
            say(`${name}, round ${round} of ${rounds}, ${subject}: ${Math.round(sample.figures.jobsPerSecond)} jobs/s`);
            return sample;
          },
        )),
      });
      const one = await measure('enqueue, 100 at once', single);
      const lots = await measure('enqueueMany, 1,000 a call', many);
      const onDisk = [
        await measure('enqueue, every write kept on disk', { ...single, onDisk: true }),
        await measure('enqueueMany, every write kept on disk', { ...many, onDisk: true }),
      ];
      const scenarios = [one, lots, ...onDisk];
      const { name: _name, ...first } = one;
      const enqueueManyPerSecond = Number(lots.ratio?.['jobsPerSecond']);
      return {
        proof: 'enqueue',
        ...first,
        ratio: { ...one.ratio, enqueueManyPerSecond },
        ...(!quick && {
          bounds: {
            'ratio.jobsPerSecond': atLeast(leastSingle, one.ratio?.['jobsPerSecond']),
            'ratio.enqueueManyPerSecond': atLeast(leastMany, enqueueManyPerSecond),
          },
        }),
        lost: scenarios.reduce((sum, { lost }) => sum + lost, 0),
        scenarios,
      };
    }),
};

/** The same with a tenth of the work. */
export function tenth(plan: FillPlan): FillPlan {
  return { ...plan, jobs: plan.jobs / 10 };
}
