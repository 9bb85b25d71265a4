import { type JobsOptions, type KeepJobs, type Queue, UnrecoverableError, type WorkerOptions } from 'bullmq';
import { describe } from 'vitest';
import { type Behaviour, comparesBehaviours, queueName, type Stage, take } from './two-backends.js';

type Keep = boolean | number | KeepJobs | undefined;

const policies: readonly [what: string, keep: Keep][] = [
  ['nothing was said', undefined],
  ['none stays', true],
  ['all stay', false],
  ['none stays, as a number', 0],
  ['the last three stay', 3],
  ['the last one stays', { count: 1 }],
  ['all stay, as a count', { count: -1 }],
  ['none stays, as a count', { count: 0 }],
  ['those of the last two seconds stay', { age: 2 }],
  ['none is old enough to stay', { age: 0 }],
  ['the last four of the last ten seconds stay', { age: 10, count: 4 }],
  ['one at a time is removed for its age', { age: 2, limit: 1 }],
  ['none at a time is removed for its age', { age: 2, limit: 0 }],
];

/** Ends eight jobs one after the other, one a second. */
function eight(options: (n: number) => JobsOptions, workerOptions: Partial<WorkerOptions>, fails: boolean) {
  return async ({ queue, hand, pass, answer }: Stage): Promise<void> => {
    const orders = queue();
    await orders.addBulk(Array.from({ length: 8 }, (_, n) => ({ name: `job ${n}`, data: { n }, opts: options(n) })));
    const worker = hand(workerOptions);
    for (let n = 0; n < 8; n++) {
      const job = await take(worker);
      await job.log(`line ${n}`);
      pass(1_000);
      await answer(
        fails
          ? job.moveToFailed(new UnrecoverableError('boom'), 'token', false)
          : job.moveToCompleted(n, 'token', false),
      );
    }
  };
}

const oneByOne: readonly Behaviour[] = policies.flatMap(([what, keep]): Behaviour[] => {
  const policy = typeof keep === 'object' ? keep : undefined;
  return [
    [`completed jobs: ${what}`, eight(() => (keep === undefined ? {} : { removeOnComplete: keep }), {}, false)],
    [`failed jobs: ${what}`, eight(() => (keep === undefined ? {} : { removeOnFail: keep }), {}, true)],
    ...(policy === undefined
      ? []
      : ([
          [`completed jobs of a worker: ${what}`, eight(() => ({}), { removeOnComplete: policy }, false)],
          [`failed jobs of a worker: ${what}`, eight(() => ({}), { removeOnFail: policy }, true)],
          [
            `jobs that say otherwise than their worker: ${what}`,
            eight((n) => (n % 2 ? { removeOnComplete: false } : {}), { removeOnComplete: policy }, false),
          ],
        ] satisfies Behaviour[])),
  ];
});

/** Ends so many jobs at the same moment: with one policy it does not matter which of them ends first. */
function atOnce(number: number, options: JobsOptions) {
  return async ({ queue, hand, answer, pass }: Stage): Promise<void> => {
    const orders = queue();
    await orders.addBulk(
      Array.from({ length: number }, (_, n) => ({ name: 'old', data: {}, opts: { jobId: `old ${n}` } })),
    );
    const worker = hand();
    for (let n = 0; n < number; n++) await (await take(worker)).moveToCompleted(n, 'token', false);
    pass(60_000);
    await orders.addBulk(
      Array.from({ length: number }, (_, n) => ({ name: 'new', data: {}, opts: { jobId: `new ${n}`, ...options } })),
    );
    const jobs = [];
    for (let n = 0; n < number; n++) jobs.push(await take(worker, `token ${n}`));
    await answer(Promise.all(jobs.map((job, n) => job.moveToCompleted(n, `token ${n}`, false))));
  };
}

const together: readonly Behaviour[] = [
  ['jobs that end at once, the last thirty stay', atOnce(40, { removeOnComplete: 30 })],
  ['jobs that end at once, each removes one for its age', atOnce(20, { removeOnComplete: { age: 30, limit: 1 } })],
  ['jobs that end at once, each removes two for their age', atOnce(20, { removeOnComplete: { age: 30, limit: 2 } })],
  ['jobs that end at once, of which none stays', atOnce(20, { removeOnComplete: true })],
];

/** A parent of which one child fails without a word on what that means for the parent; then so many other jobs fail. */
function failedChild(others: number, hold: (parents: Queue, stage: Stage) => Promise<unknown>) {
  return async (stage: Stage): Promise<void> => {
    const { queue, hand, answer, flow, pass } = stage;
    const orders = queue();
    const parents = queue('parents');
    await parents.addBulk([1, 2].map((n) => ({ name: `before ${n}`, data: {} })));
    const added = await flow().add({
      name: 'parent',
      queueName: 'parents',
      opts: { jobId: 'parent' },
      children: [{ name: 'child', queueName, opts: { jobId: 'child' } }],
    });
    await hold(parents, stage);
    await stage.redis.del('bull:parents:marker');
    const worker = hand();
    await (await take(worker)).moveToFailed(new Error('boom'), 'token', false);
    for (let n = 0; n < others; n++) {
      pass(10);
      await orders.add('plain', {}, { removeOnFail: { count: 1 } });
      await answer((await take(worker)).moveToFailed(new Error('boom'), 'token', false));
    }
    await answer(added.job.getState());
  };
}

/** A completed parent that gets something to wait for, and then is one too many. */
function completedParent(
  getsMore: (stage: Stage) => Promise<unknown>,
  afterwards: (parents: Queue) => Promise<unknown>,
) {
  return async (stage: Stage): Promise<void> => {
    const { queue, hand, answer, pass } = stage;
    const parents = queue('parents');
    const worker = hand({}, 'parents');
    await parents.add('parent', {}, { jobId: 'parent' });
    await (await take(worker)).moveToCompleted(1, 'token', false);
    await getsMore(stage);
    pass(10);
    await parents.add('plain', {}, { removeOnComplete: { count: 1 } });
    await answer((await take(worker)).moveToCompleted(2, 'token', false));
    await afterwards(parents);
    const next = await worker.getNextJob('token');
    if (next) await answer(next.moveToCompleted(3, 'token', false));
  };
}

const lateChild = ({ queue }: Stage) =>
  queue().add('late', {}, { jobId: 'late', parent: { id: 'parent', queue: 'bull:parents' } });

const families: readonly Behaviour[] = [
  ['a completed parent that gets a child', completedParent(lateChild, async () => undefined)],
  [
    'the id of a completed parent with a pending child, given again once it is gone',
    completedParent(lateChild, (parents) => parents.add('parent', {}, { jobId: 'parent' })),
  ],
  [
    'a completed parent whose child is run again',
    async ({ queue, hand, answer, flow, pass }) => {
      const orders = queue();
      const parents = queue('parents');
      await flow().add({
        name: 'parent',
        queueName: 'parents',
        opts: { jobId: 'parent' },
        children: [{ name: 'child', queueName, opts: { jobId: 'child' } }],
      });
      await (await take(hand())).moveToCompleted(1, 'token', false);
      const worker = hand({}, 'parents');
      await (await take(worker)).moveToCompleted(2, 'token', false);
      const child = await orders.getJob('child');
      await answer(child?.retry('completed') ?? Promise.reject(new Error('the child is gone')));
      pass(10);
      await parents.add('plain', {}, { removeOnComplete: { count: 1 } });
      await answer((await take(worker)).moveToCompleted(3, 'token', false));
    },
  ],
  ['a failed child whose parent still waits for it', failedChild(2, async () => undefined)],
  ['a failed child whose parent still waits for it in a paused queue', failedChild(2, (parents) => parents.pause())],
  [
    'a failed child whose parent still waits for it in a queue in which as many run as may',
    failedChild(2, async (parents, { hand }) => {
      await parents.setGlobalConcurrency(1);
      await take(hand({}, 'parents'));
    }),
  ],
  [
    'completed children',
    async ({ queue, hand, answer, flow, pass }) => {
      const orders = queue();
      await flow().add({
        name: 'parent',
        queueName: 'parents',
        opts: { jobId: 'parent' },
        children: ['one', 'two'].map((jobId) => ({ name: 'child', queueName, opts: { jobId } })),
      });
      const worker = hand();
      for (let n = 0; n < 2; n++) await (await take(worker)).moveToCompleted(n, 'token', false);
      for (let n = 0; n < 2; n++) {
        pass(10);
        await orders.add('plain', {}, { removeOnComplete: { count: 1 } });
        await answer((await take(worker)).moveToCompleted(n, 'token', false));
      }
    },
  ],
  [
    'failed children of a parent that is gone',
    async ({ queue, hand, answer, flow, redis, pass }) => {
      const orders = queue();
      await flow().add({
        name: 'parent',
        queueName: 'parents',
        opts: { jobId: 'parent' },
        children: [{ name: 'child', queueName, opts: { jobId: 'child' } }],
      });
      const worker = hand();
      await (await take(worker)).moveToFailed(new Error('boom'), 'token', false);
      await redis.del('bull:parents:parent');
      for (let n = 0; n < 2; n++) {
        pass(10);
        await orders.add('plain', {}, { removeOnFail: 1 });
        await answer((await take(worker)).moveToFailed(new Error('boom'), 'token', false));
      }
    },
  ],
];

describe('the same finished jobs stay:', () => {
  comparesBehaviours([...oneByOne, ...together, ...families]);
});
