import type { JobsOptions } from 'bullmq';
import { describe } from 'vitest';
import { type Behaviour, comparesBehaviours, queueName, take } from './two-backends.js';

/** Every way to write one job. */
const options: readonly [what: string, options: JobsOptions][] = [
  ['a plain job', {}],
  ['an id of its own', { jobId: 'order-1' }],
  ['an id with the two colons of old repeatable jobs', { jobId: 'repeat:key:1700000000000' }],
  ['a delay', { delay: 5_000 }],
  ['a delay of a part of a millisecond', { delay: 0.5 }],
  ['a negative delay', { delay: -5 }],
  ['a delay that is a text', { delay: '5' as unknown as number }],
  ['a delay that is nothing', { delay: null as unknown as number }],
  ['a priority', { priority: 7 }],
  ['the lowest priority', { priority: 2_097_151 }],
  ['a negative priority', { priority: -1 }],
  ['a delay and a priority', { delay: 5_000, priority: 7 }],
  ['before all others', { lifo: true }],
  ['expressly not before all others', { lifo: false }],
  ['before all others, as a number', { lifo: 0 as unknown as boolean }],
  ['before all others with a priority', { lifo: true, priority: 3 }],
  ['before all others with a delay', { lifo: true, delay: 5_000 }],
  ['a moment of its own', { timestamp: 1_700_000_000_000 }],
  ['a moment of its own and a delay', { timestamp: 1_900_000_000_000, delay: 5_000 }],
  ['attempts and a fixed backoff', { attempts: 3, backoff: 1_000 }],
  ['attempts and a growing backoff', { attempts: 3, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } }],
  ['how to be kept', { removeOnComplete: true, removeOnFail: { age: 3_600, count: 10, limit: 5 } }],
  ['limits', { keepLogs: 10, stackTraceLimit: 1, sizeLimit: 1_000 }],
  ['what happens to its parent', { failParentOnFailure: true }],
  ['telemetry', { telemetry: { metadata: 'trace', omitContext: true } }],
  [
    'options of somebody else',
    { ours: { deep: [1, 'two', { three: null }], none: null, half: 0.5, slash: 'a/b', name: 'Zoë ✓' } } as JobsOptions,
  ],
];

const one: readonly Behaviour[] = options.map(([what, opts]) => [
  what,
  async ({ queue, answer }) => {
    const orders = queue();
    await answer(orders.add('neighbour', { n: 0 }));
    await answer(orders.add('charge', { order: 42, text: 'ü"\\/\u2028' }, opts));
    await answer(orders.add('neighbour', { n: 2 }));
  },
]);

const refusals: readonly [what: string, data: unknown, options: JobsOptions][] = [
  ['a number as id', {}, { jobId: '12' }],
  ['an id with a colon', {}, { jobId: 'a:b' }],
  ['too much data', { text: 'x'.repeat(100) }, { sizeLimit: 50 }],
  ['a priority with a fraction', {}, { priority: 1.5 }],
  ['a priority beyond the last', {}, { priority: 2_097_152 }],
  ['two failure policies', {}, { failParentOnFailure: true, ignoreDependencyOnFailure: true }],
  ['a jitter beyond one', {}, { backoff: { type: 'fixed', delay: 1, jitter: 2 } }],
  ['a deduplication without an id', {}, { deduplication: { id: '' } }],
  ['a parent that is not there', {}, { parent: { id: 'nobody', queue: `bull:${queueName}` } }],
];

const refused: readonly Behaviour[] = refusals.map(([what, data, opts]) => [
  what,
  async ({ queue, answer }) => {
    const orders = queue();
    await answer(orders.add('charge', data, opts));
    await answer(
      orders
        .addBulk([
          { name: 'one', data: 1 },
          { name: 'charge', data, opts },
          { name: 'two', data: 2 },
        ])
        .then((jobs) => jobs.length),
    );
    await answer(orders.add('neighbour', {}));
  },
]);

const several: readonly Behaviour[] = [
  [
    'jobs with one id: only the first is kept',
    async ({ queue, answer }) => {
      const orders = queue();
      await answer(orders.add('charge', { n: 1 }, { jobId: 'order-1' }));
      await answer(orders.add('charge', { n: 2 }, { jobId: 'order-1', delay: 1_000 }));
      await answer(orders.add('charge', { n: 3 }, { jobId: 'order-1', priority: 1 }));
      await answer(orders.add('charge', { n: 4 }));
    },
  ],
  [
    'an id whose job has completed',
    async ({ queue, hand, answer }) => {
      const orders = queue();
      await orders.add('charge', { n: 1 }, { jobId: 'order-1' });
      await (await take(hand())).moveToCompleted('done', 'token', false);
      await answer(orders.add('charge', { n: 2 }, { jobId: 'order-1' }));
    },
  ],
  [
    'jobs at the same moment, in their order',
    async ({ queue, answer }) => {
      const orders = queue();
      await answer(Promise.all(Array.from({ length: 50 }, (_, n) => orders.add(`charge ${n}`, { n }))));
    },
  ],
  [
    'every way of writing a job at the same moment, with jobs of flows and deduplicated ones in between',
    async ({ queue, answer }) => {
      const orders = queue();
      await orders.add('parent', {}, { jobId: 'parent' });
      const ways: JobsOptions[] = [
        {},
        { deduplication: { id: 'once' } },
        { priority: 2 },
        { parent: { id: 'parent', queue: `bull:${queueName}` } },
        { delay: 5_000 },
        { deduplication: { id: 'once' } },
        { lifo: true },
        { jobId: 'a' },
        { delay: 5_000 },
        { jobId: 'a' },
        { priority: 2 },
      ];
      await answer(Promise.all(ways.map((opts, n) => orders.add(`job ${n}`, { n }, opts))));
    },
  ],
  [
    'jobs at the same moment that have something in common with every other one',
    async ({ queue, answer }) => {
      const orders = queue();
      const ways: JobsOptions[] = [{}, { attempts: 3 }, {}, { delay: 5_000 }, { attempts: 3 }, {}, { jobId: 'a' }, {}];
      await answer(Promise.all(ways.map((opts, n) => orders.add(n % 3 === 0 ? 'charge' : 'refund', { n }, opts))));
    },
  ],
  [
    'more jobs than their events are kept',
    async ({ queue, answer }) => {
      const orders = queue(queueName, { streams: { events: { maxLen: 50 } } });
      await orders.waitUntilReady();
      await answer(orders.addBulk(Array.from({ length: 300 }, (_, n) => ({ name: 'charge', data: n }))));
      await answer(orders.add('charge', { last: true }));
    },
  ],
  [
    'a bulk of every kind',
    async ({ queue, answer }) => {
      const orders = queue();
      await orders.add('parent', {}, { jobId: 'parent' });
      const ways: JobsOptions[] = [
        { jobId: 'b' },
        {},
        { parent: { id: 'parent', queue: `bull:${queueName}` } },
        { parent: { id: 'parent', queue: `bull:${queueName}` } },
        { lifo: true },
        { deduplication: { id: 'once', ttl: 60_000 } },
        { priority: 5 },
        { delay: 1_000 },
        { jobId: 'b' },
        { deduplication: { id: 'once', ttl: 60_000 } },
        {},
      ];
      await answer(orders.addBulk(ways.map((opts, n) => ({ name: `job ${n}`, data: { n }, opts }))));
    },
  ],
  [
    'a bulk of more jobs than travel in one call',
    async ({ queue, tell }) => {
      const jobs = await queue().addBulk(Array.from({ length: 1_001 }, (_, n) => ({ name: 'charge', data: { n } })));
      tell(jobs.map(({ id }) => id));
    },
  ],
  [
    'a bulk of large jobs',
    async ({ queue, tell }) => {
      const data = 'x'.repeat(200_000);
      const jobs = await queue().addBulk(Array.from({ length: 20 }, (_, n) => ({ name: `charge ${n}`, data })));
      tell(jobs.map(({ id }) => id));
    },
  ],
  [
    'an empty bulk',
    async ({ queue, answer }) => {
      const orders = queue();
      await orders.waitUntilReady();
      await answer(orders.addBulk([]));
      await orders.add('neighbour', {});
    },
  ],
  [
    'jobs without a name or data',
    async ({ queue, answer }) => {
      const orders = queue();
      await answer(orders.add('', undefined));
      await answer(orders.add('null', null));
      await answer(orders.add('text', 'only this'));
    },
  ],
  [
    'jobs to a queue that is paused',
    async ({ queue, answer }) => {
      const orders = queue();
      await orders.pause();
      await answer(
        orders.addBulk(
          [{}, { delay: 1_000 }, { priority: 1 }, { lifo: true }].map((opts) => ({ name: 'charge', data: {}, opts })),
        ),
      );
    },
  ],
  [
    'jobs to a queue in which as many run as may',
    async ({ queue, hand, redis, answer }) => {
      const orders = queue();
      await orders.setGlobalConcurrency(1);
      await orders.add('charge', {});
      await take(hand());
      await redis.del(`bull:${queueName}:marker`);
      await answer(
        orders.addBulk([{}, { delay: 1_000 }, { priority: 1 }].map((opts) => ({ name: 'charge', data: {}, opts }))),
      );
    },
  ],
  [
    'jobs to a queue whose settings are gone',
    async ({ queue, redis, answer }) => {
      const orders = queue();
      await orders.add('neighbour', {});
      await redis.del(`bull:${queueName}:meta`);
      await answer(orders.addBulk([{}, { delay: 1_000 }].map((opts) => ({ name: 'charge', data: {}, opts }))));
    },
  ],
  [
    'jobs with the defaults of their queue',
    async ({ queue, answer }) => {
      const orders = queue(queueName, {
        defaultJobOptions: { attempts: 3, backoff: { type: 'fixed', delay: 10 }, removeOnComplete: 5 },
        streams: { events: { maxLen: 3 } },
      });
      await answer(orders.add('charge', {}));
      await answer(orders.add('charge', {}, { attempts: 1 }));
    },
  ],
  [
    'delayed jobs of the same moment, in their order',
    async ({ queue, answer }) => {
      const orders = queue();
      await answer(
        orders.addBulk(Array.from({ length: 5 }, (_, n) => ({ name: `later ${n}`, data: {}, opts: { delay: 1_000 } }))),
      );
      await answer(orders.add('sooner', {}, { delay: 500 }));
      await answer(orders.add('latest', {}, { delay: 2_000 }));
    },
  ],
  [
    'a job of which a job scheduler is the source',
    async ({ queue, answer }) => {
      await answer(queue().upsertJobScheduler('hourly', { every: 3_600_000 }, { name: 'charge', data: { n: 1 } }));
    },
  ],
  [
    'jobs that are still on their way when the queue closes',
    async ({ queue }) => {
      const orders = queue();
      await orders.waitUntilReady();
      const added = [orders.add('one', {}), orders.add('two', {}, { delay: 1_000 })];
      await orders.close();
      await Promise.all(added);
    },
  ],
];

describe('adding leaves the same behind:', () => {
  comparesBehaviours([...one, ...several]);
});

describe('adding refuses the same:', () => {
  comparesBehaviours(refused);
});
