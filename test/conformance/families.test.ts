import { type FlowJob, type JobsOptions, UnrecoverableError } from 'bullmq';
import { describe } from 'vitest';
import { oneByOne, runs } from './running-worker.js';
import { type Behaviour, comparesBehaviours, queueName, type Stage, take } from './two-backends.js';

const child = (name: string, opts: JobsOptions = {}): FlowJob => ({
  name,
  queueName: 'children',
  opts: { jobId: name, ...opts },
});
const parent = (children: FlowJob[], opts: JobsOptions = {}): FlowJob => ({
  name: 'parent',
  queueName,
  opts: { jobId: 'parent', ...opts },
  children,
});

/** Runs two children, the first of which fails, and then what its parent can do. */
function afterFailure(policy: JobsOptions): Behaviour[1] {
  return async (stage) => {
    const { queue, hand, flow, answer, pass } = stage;
    queue();
    const added = await flow().add(parent([child('bad', policy), child('good', policy)]));
    const worker = hand({}, 'children');
    pass(5);
    await answer((await take(worker)).moveToFailed(new Error('no'), 'token', true));
    await answer(added.job.getState());
    await endParent(stage);
    const good = (await worker.getNextJob('other', { block: false })) ?? (await stage.queue('children').getJob('good'));
    if (good && (await good.isActive()))
      await answer(
        good.moveToCompleted('well', 'token', true).catch(() => good.moveToCompleted('well', 'other', true)),
      );
    await endParent(stage);
    await answer(added.job.getDependencies());
    await answer(added.job.getState());
  };
}

async function endParent({ hand, answer }: Stage): Promise<void> {
  const job = await hand().getNextJob('parent token', { block: false });
  if (!job) return;
  await answer(
    job.deferredFailure
      ? job.moveToFailed(new UnrecoverableError(job.deferredFailure), 'parent token', true)
      : job.moveToCompleted('all', 'parent token', true),
  );
}

const policies: readonly [string, JobsOptions][] = [
  ['says nothing about its parent', {}],
  ['fails its parent', { failParentOnFailure: true }],
  ['lets its parent go on', { continueParentOnFailure: true }],
  ['is ignored', { ignoreDependencyOnFailure: true }],
  ['is forgotten', { removeDependencyOnFailure: true }],
  ['fails its parent, and is not kept', { failParentOnFailure: true, removeOnFail: true }],
  ['is ignored, and is not kept', { ignoreDependencyOnFailure: true, removeOnFail: true }],
];

const byHand: readonly Behaviour[] = [
  ...policies.map(([what, policy]): Behaviour => [`a child that fails and ${what}`, afterFailure(policy)]),
  [
    'a parent that is to end before its children',
    async ({ queue, hand, answer }) => {
      const orders = queue();
      await orders.add('parent', {}, { jobId: 'parent' });
      const job = await take(hand());
      await orders.add('child', {}, { jobId: 'child', parent: { id: 'parent', queue: `bull:${queueName}` } });
      await answer(job.moveToCompleted('too soon', 'token', true));
      await answer(job.moveToWaitingChildren('token'));
      await answer((await take(hand())).moveToCompleted('child is done', 'token', true));
    },
  ],
  [
    'a parent that ends after a child has failed it while it ran',
    async ({ queue, hand, answer }) => {
      const orders = queue();
      await orders.add('parent', {}, { jobId: 'parent' });
      const worker = hand();
      const job = await take(worker);
      await orders.add(
        'child',
        {},
        { failParentOnFailure: true, parent: { id: 'parent', queue: `bull:${queueName}` } },
      );
      await answer((await take(worker, 'child token')).moveToFailed(new Error('no'), 'child token', true));
      await answer(job.moveToCompleted('not so', 'token', true));
      await answer(job.moveToFailed(new Error('a child failed'), 'token', true));
    },
  ],
  [
    'a job that becomes a child while it runs',
    async ({ queue, hand, flow, answer }) => {
      queue();
      await queue('children').add('one', {}, { jobId: 'one' });
      const job = await take(hand({}, 'children'));
      const added = await flow().add(parent([child('one')]));
      await answer(job.moveToCompleted('known to its parent', 'token', true));
      await answer(added.job.getState());
    },
  ],
  [
    'children that are not kept',
    async ({ queue, hand, flow, answer }) => {
      queue();
      await flow().add(parent([child('one', { removeOnComplete: true }), child('two', { removeOnComplete: true })]));
      const worker = hand({}, 'children');
      await answer((await take(worker)).moveToCompleted(1, 'token', true));
      await answer((await queue('children').getJob('two'))?.moveToCompleted(2, 'token', true) ?? Promise.resolve());
      await answer((await take(hand())).getChildrenValues());
    },
  ],
  [
    'a parent with a priority or a delay, released by its last child',
    async ({ queue, hand, flow, answer }) => {
      queue();
      await flow().addBulk([
        parent([child('one')], { priority: 3 }),
        { ...parent([child('two')], { delay: 5_000 }), opts: { jobId: 'late', delay: 5_000 } },
      ]);
      const worker = hand({}, 'children');
      for (const token of ['one', 'two'])
        await answer((await take(worker, token)).moveToCompleted(token, token, false));
    },
  ],
  [
    'a job that is added again by a flow',
    async ({ queue, hand, flow, answer }) => {
      await queue('children').add('one', {}, { jobId: 'one' });
      await (await take(hand({}, 'children'))).moveToCompleted('early', 'token', false);
      await answer(
        flow()
          .add(parent([child('one'), child('two')]))
          .then(({ job }) => job.getState()),
      );
      await answer((await take(hand({}, 'children'))).moveToCompleted('late', 'token', false));
    },
  ],
  [
    'a family that is removed',
    async ({ queue, flow, answer }) => {
      queue();
      const { job } = await flow().add(parent([child('one'), child('two')]));
      await answer(job.remove({ removeChildren: true }));
      await queue().add('neighbour', {});
    },
  ],
];

const running: readonly Behaviour[] = [
  [
    'three generations in one queue',
    async (stage) => {
      const job = (name: string, children: FlowJob[] = []): FlowJob => ({
        name,
        queueName,
        opts: { jobId: name },
        children,
      });
      await stage.flow().add(job('grandparent', [job('parent', [job('child')])]));
      await runs(stage, async ({ name }) => name).ended(3);
    },
    oneByOne,
  ],
  [
    'a failure that goes up three generations',
    async (stage) => {
      const job = (name: string, children: FlowJob[] = []): FlowJob => ({
        name,
        queueName,
        opts: { jobId: name, failParentOnFailure: true },
        children,
      });
      await stage
        .flow()
        .add({ ...job('grandparent', [job('parent', [job('child')])]), opts: { jobId: 'grandparent' } });
      await runs(stage, async ({ name }) => {
        if (name === 'child') throw new Error('no');
        return name;
      }).ended(3);
    },
    oneByOne,
  ],
  [
    'a family among plain jobs, over two queues',
    async (stage) => {
      await stage.flow().add(parent([child('one'), child('two'), child('three')]));
      await stage.queue('children').addBulk([1, 2, 3].map((n) => ({ name: `plain ${n}`, data: {} })));
      await runs(stage, async ({ name }) => name, { of: 'children' }).ended(6);
      await runs(stage, async (job) => job.getChildrenValues()).ended(1);
    },
    oneByOne,
  ],
];

describe('a family of jobs leaves the same behind:', () => {
  comparesBehaviours([...byHand, ...running]);
});
