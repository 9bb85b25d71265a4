import type { Queue } from 'bullmq';
import { describe } from 'vitest';
import { type Behaviour, comparesBehaviours, type Stage, take } from './two-backends.js';

/** A queue with jobs in every state. */
async function busyQueue({ queue, hand, pass }: Stage): Promise<Queue> {
  const orders = queue();
  await orders.addBulk(
    [{}, {}, {}, { attempts: 1 }, {}, { priority: 2 }, { delay: 5_000 }, { delay: 5_000, priority: 1 }, {}].map(
      (opts, n) => ({
        name: `job ${n}`,
        data: { n },
        opts: { jobId: `job-${n}`, ...opts },
      }),
    ),
  );
  const worker = hand();
  await (await take(worker, 'one')).moveToCompleted('one', 'one', false);
  pass(10);
  await (await take(worker, 'two')).moveToCompleted('two', 'two', false);
  await take(worker, 'three');
  await (await take(worker, 'four')).moveToFailed(new Error('four'), 'four', false);
  pass(10);
  return orders;
}

const operations: readonly [what: string, operate: (queue: Queue, stage: Stage) => Promise<unknown>][] = [
  ['counting them', (queue) => queue.getJobCounts()],
  [
    'reading them',
    (queue) => queue.getJobs(['completed', 'failed', 'active', 'waiting', 'delayed', 'prioritized'], 0, -1, true),
  ],
  ['trying a failed one again', async (queue) => (await queue.getJob('job-3'))?.retry('failed')],
  ['running a completed one again', async (queue) => (await queue.getJob('job-0'))?.retry('completed')],
  ['trying all failed ones again', (queue) => queue.retryJobs()],
  ['promoting a delayed one', async (queue) => (await queue.getJob('job-6'))?.promote()],
  ['promoting all delayed ones', (queue) => queue.promoteJobs()],
  ['changing a delay', async (queue) => (await queue.getJob('job-6'))?.changeDelay(1)],
  ['changing a priority', async (queue) => (await queue.getJob('job-4'))?.changePriority({ priority: 1, lifo: true })],
  ['removing one that waits', (queue) => queue.remove('job-4')],
  ['removing one that runs', (queue) => queue.remove('job-2')],
  ['removing one that has ended', (queue) => queue.remove('job-0')],
  ['draining', (queue) => queue.drain(true)],
  ['cleaning what has completed', (queue) => queue.clean(0, 1, 'completed')],
  ['cleaning what waits', (queue) => queue.clean(0, 0, 'wait')],
  ['trimming events', (queue) => queue.trimEvents(0)],
  [
    'obliterating, and beginning anew',
    async (queue) => {
      await queue.obliterate({ force: true });
      await queue.add('new', {});
    },
  ],
  [
    'asking for states',
    (queue) => Promise.all([0, 2, 3, 4, 5, 6].map(async (n) => (await queue.getJob(`job-${n}`))?.getState())),
  ],
  ['asking who works', async (queue) => (await queue.getWorkers()).length],
];

const behaviours: readonly Behaviour[] = operations.map(([what, operate]) => [
  what,
  async (stage) => {
    const orders = await busyQueue(stage);
    await stage.answer(operate(orders, stage));
    const worker = stage.hand();
    for (const token of ['next', 'after']) {
      const job = await worker.getNextJob(token, { block: false });
      await stage.answer(Promise.resolve(job));
      if (job) await stage.answer(job.moveToCompleted(token, token, false));
    }
  },
]);

describe('operations on a busy queue leave the same behind:', () => {
  comparesBehaviours(behaviours);
});
