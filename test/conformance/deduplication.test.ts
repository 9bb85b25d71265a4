import { type DeduplicationOptions, type JobsOptions, UnrecoverableError } from 'bullmq';
import { describe } from 'vitest';
import { oneByOne, runs } from './running-worker.js';
import { type Behaviour, comparesBehaviours, queueName, take } from './two-backends.js';

const kinds: readonly [what: string, options: DeduplicationOptions, more?: JobsOptions][] = [
  ['until the job has ended', { id: 'once' }],
  ['for a while', { id: 'once', ttl: 60_000 }],
  ['for a while that begins anew', { id: 'once', ttl: 60_000, extend: true }],
  ['by the last', { id: 'once', replace: true }, { delay: 5_000 }],
  [
    'by the last, for a while that begins anew',
    { id: 'once', ttl: 60_000, extend: true, replace: true },
    { delay: 5_000 },
  ],
  ['keeping the last that comes while it runs', { id: 'once', keepLastIfActive: true }],
  ['with a priority', { id: 'once' }, { priority: 3 }],
];

const behaviours: readonly Behaviour[] = [
  ...kinds.flatMap(([what, deduplication, more = {}]): Behaviour[] => [
    [
      `duplicates are left out ${what}`,
      async ({ queue, answer, pass }) => {
        const orders = queue();
        for (let n = 0; n < 3; n++) {
          await answer(orders.add(`job ${n}`, { n }, { deduplication, ...more }));
          pass(100);
        }
        await answer(orders.add('neighbour', {}));
        await answer(orders.getDeduplicationJobId('once'));
      },
    ],
    [
      `a new one may come after the first has completed, ${what}`,
      async ({ queue, hand, answer, pass }) => {
        const orders = queue();
        await orders.add('first', {}, { deduplication, ...more });
        pass(5_000);
        const job = await take(hand());
        await answer(orders.add('second', {}, { deduplication, ...more }));
        await answer(orders.add('third', {}, { deduplication, ...more }));
        await answer(job.moveToCompleted('done', 'token', true));
        await answer(orders.add('fourth', {}, { deduplication, ...more }));
      },
    ],
    [
      `a new one may come after the first has failed, ${what}`,
      async ({ queue, hand, answer, pass }) => {
        const orders = queue();
        await orders.add('first', {}, { deduplication, attempts: 2, backoff: 1_000, ...more });
        pass(5_000);
        const job = await take(hand());
        await answer(job.moveToFailed(new Error('once'), 'token', true));
        await answer(orders.add('second', {}, { deduplication, ...more }));
        pass(1_000);
        const again = await hand().getNextJob('again', { block: false });
        if (again) await answer(again.moveToFailed(new UnrecoverableError('for good'), 'again', true));
        await answer(orders.add('third', {}, { deduplication, ...more }));
      },
    ],
  ]),
  [
    'duplicates among a bulk',
    async ({ queue, answer }) => {
      await answer(
        queue().addBulk(
          [
            {},
            { deduplication: { id: 'a' } },
            {},
            { deduplication: { id: 'a' } },
            { deduplication: { id: 'b' } },
            {},
          ].map((opts, n) => ({ name: `job ${n}`, data: {}, opts })),
        ),
      );
    },
  ],
  [
    'a deduplication that is lifted by hand',
    async ({ queue, answer }) => {
      const orders = queue();
      const job = await orders.add('first', {}, { deduplication: { id: 'once' } });
      await answer(job.removeDeduplicationKey());
      await answer(orders.add('second', {}, { deduplication: { id: 'once' } }));
      await answer(orders.removeDeduplicationKey('once'));
    },
  ],
  [
    'the last that came while the job ran runs next',
    async (stage) => {
      const orders = stage.queue();
      const deduplication = { id: 'once', keepLastIfActive: true };
      await orders.add('first', {}, { deduplication });
      await runs(stage, async ({ name }) => {
        if (name === 'first') for (const next of ['second', 'third']) await orders.add(next, {}, { deduplication });
        return name;
      }).ended(2);
    },
    oneByOne,
  ],
  [
    'a deduplicated job that somebody else has read and ends',
    async ({ queue, hand, answer }) => {
      const orders = queue(queueName);
      await orders.add('first', {}, { jobId: 'a', deduplication: { id: 'once' } });
      await take(hand());
      await answer((await orders.getJob('a'))?.moveToCompleted('by hand', 'token', false) ?? Promise.resolve());
      await answer(orders.add('second', {}, { deduplication: { id: 'once' } }));
    },
  ],
];

describe('deduplication leaves the same behind:', () => {
  comparesBehaviours(behaviours);
});
