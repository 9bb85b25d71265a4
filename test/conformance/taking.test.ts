import { describe } from 'vitest';
import { type Behaviour, comparesBehaviours, queueName, type Stage, take } from './two-backends.js';

const key = (part: string) => `bull:${queueName}:${part}`;

/** Takes jobs one after the other, and tells of each: so many. */
async function takes(
  { answer, hand }: Stage,
  number: number,
  options: Parameters<Stage['hand']>[0] = {},
): Promise<void> {
  const worker = hand(options);
  for (let n = 0; n < number; n++) await answer(worker.getNextJob(`token ${n}`, { block: false }));
}

const order: readonly Behaviour[] = [
  [
    'an empty queue',
    async (stage) => {
      await stage.queue().waitUntilReady();
      await takes(stage, 1);
    },
  ],
  [
    'a queue that nobody has made yet',
    async (stage) => {
      await takes(stage, 1);
      await stage.redis.set('anything', 'else');
    },
  ],
  [
    'plain jobs, those before all others and those with a priority',
    async (stage) => {
      const orders = stage.queue();
      const ways = [
        {},
        { priority: 3 },
        { lifo: true },
        { priority: 1 },
        {},
        { priority: 3 },
        { priority: 2 },
        { lifo: true },
      ];
      await orders.addBulk(ways.map((opts, n) => ({ name: `job ${n}`, data: { n }, opts })));
      await takes(stage, 10);
    },
  ],
  [
    'jobs of one priority, in their order',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk(
        Array.from({ length: 20 }, (_, n) => ({ name: `job ${n}`, data: {}, opts: { priority: 1 } })),
      );
      await takes(stage, 7);
      await orders.add('late', {}, { priority: 1 });
      await takes(stage, 15);
    },
  ],
  [
    'jobs whose priority has changed',
    async (stage) => {
      const orders = stage.queue();
      const jobs = await orders.addBulk(
        [0, 1, 2, 3].map((n) => ({ name: `job ${n}`, data: {}, opts: { priority: 2 } })),
      );
      await jobs[2]?.changePriority({ priority: 1 });
      await jobs[1]?.changePriority({ priority: 0 });
      await takes(stage, 5);
    },
  ],
  [
    'a worker with a name',
    async (stage) => {
      await stage.queue().add('charge', {});
      await takes(stage, 2, { name: 'w1', lockDuration: 90_000 });
    },
  ],
  [
    'the token 0, which leases nothing',
    async ({ queue, hand, answer }) => {
      await queue().add('charge', {});
      await answer(hand().getNextJob('0', { block: false }));
    },
  ],
  [
    'several at once, which start in the order in which they were added',
    async ({ queue, hand, answer }) => {
      await queue().addBulk([0, 1, 2, 3, 4].map((n) => ({ name: `job ${n}`, data: {} })));
      const worker = hand();
      await worker.waitUntilReady();
      await answer(Promise.all([0, 1, 2, 3, 4, 5].map((n) => worker.getNextJob(`token ${n}`, { block: false }))));
    },
  ],
  [
    'an id without a job',
    async (stage) => {
      await stage.queue().add('charge', {});
      await stage.redis.rpush(key('wait'), 'ghost');
      await takes(stage, 3);
    },
  ],
  [
    'the markers of BullMQ 4',
    async (stage) => {
      await stage.redis.rpush(key('wait'), '0:0');
      await stage.queue().add('charge', {});
      await takes(stage, 2);
    },
  ],
  [
    'a job that was started before',
    async (stage) => {
      const orders = stage.queue();
      await orders.add('charge', {});
      const worker = stage.hand();
      await (await take(worker)).moveToWait('token');
      await takes(stage, 1);
    },
  ],
];

const delayed: readonly Behaviour[] = [
  [
    'none before it is due',
    async (stage) => {
      await stage.queue().add('later', {}, { delay: 1_000 });
      stage.pass(999);
      await takes(stage, 1);
      stage.pass(1);
      await takes(stage, 2);
    },
  ],
  [
    'with and without a priority, as they become due',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk(
        [
          { delay: 300 },
          { delay: 100 },
          { delay: 200, priority: 2 },
          { delay: 100, priority: 1 },
          {},
          { delay: 100, lifo: true },
        ].map((opts, n) => ({ name: `job ${n}`, data: {}, opts })),
      );
      stage.pass(200);
      await takes(stage, 6);
      stage.pass(200);
      await takes(stage, 2);
    },
  ],
  [
    'more than are promoted at once',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk(
        Array.from({ length: 1_500 }, (_, n) => ({ name: `job ${n}`, data: {}, opts: { delay: 1 + (n % 7) } })),
      );
      stage.pass(10);
      await takes(stage, 1);
      stage.tell(await stage.redis.zcard(key('delayed')));
      await takes(stage, 1);
      stage.tell(await stage.redis.zcard(key('delayed')));
    },
  ],
  [
    'as the next after a job that has ended',
    async ({ queue, hand, pass, answer }) => {
      const orders = queue();
      await orders.add('now', {});
      await orders.add('later', {}, { delay: 100, priority: 4 });
      const job = await take(hand());
      pass(100);
      await answer(job.moveToCompleted('done', 'token'));
    },
  ],
  [
    'in a queue that is paused',
    async (stage) => {
      const orders = stage.queue();
      await orders.add('later', {}, { delay: 100 });
      await orders.pause();
      stage.pass(100);
      await takes(stage, 1);
      await orders.resume();
      await takes(stage, 1);
    },
  ],
  [
    'that were promoted by hand, or whose delay has changed',
    async (stage) => {
      const orders = stage.queue();
      const jobs = await orders.addBulk([0, 1, 2].map((n) => ({ name: `job ${n}`, data: {}, opts: { delay: 1_000 } })));
      await jobs[0]?.promote();
      await jobs[1]?.changeDelay(500);
      stage.pass(500);
      await takes(stage, 3);
    },
  ],
];

const held: readonly Behaviour[] = [
  [
    'a pause, and what follows it',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk([{}, { priority: 1 }, {}].map((opts) => ({ name: 'charge', data: {}, opts })));
      await orders.pause();
      await takes(stage, 2);
      await orders.add('during', {});
      await orders.resume();
      await takes(stage, 5);
    },
  ],
  [
    'a global concurrency',
    async ({ queue, hand, answer, redis }) => {
      const orders = queue();
      await orders.setGlobalConcurrency(2);
      await orders.addBulk([0, 1, 2, 3].map((n) => ({ name: `job ${n}`, data: {} })));
      const worker = hand();
      const first = await take(worker, 'first');
      await take(worker, 'second');
      await answer(worker.getNextJob('third', { block: false }));
      await redis.del(key('marker'));
      await answer(first.moveToCompleted('done', 'first'));
      await answer(worker.getNextJob('fourth', { block: false }));
      await answer(orders.isMaxed());
    },
  ],
  [
    'a global concurrency, asked for several at once',
    async ({ queue, hand, answer }) => {
      const orders = queue();
      await orders.setGlobalConcurrency(2);
      await orders.addBulk([0, 1, 2, 3].map((n) => ({ name: `job ${n}`, data: {} })));
      const worker = hand();
      await worker.waitUntilReady();
      await answer(Promise.all([0, 1, 2, 3].map((n) => worker.getNextJob(`token ${n}`, { block: false }))));
    },
  ],
  [
    'a global concurrency, with delayed jobs that are due',
    async (stage) => {
      const orders = stage.queue();
      await orders.setGlobalConcurrency(1);
      await orders.add('now', {});
      await orders.add('later', {}, { delay: 100 });
      await takes(stage, 1);
      stage.pass(100);
      await stage.redis.del(key('marker'));
      await takes(stage, 1);
    },
  ],
  [
    'a rate limit of the worker',
    async (stage) => {
      await stage.queue().addBulk([0, 1, 2, 3].map((n) => ({ name: `job ${n}`, data: {} })));
      const worker = stage.hand({ limiter: { max: 2, duration: 60_000 } });
      for (const token of ['one', 'two', 'three']) {
        const [job] = await worker.getBackend().moveToActive(token);
        stage.tell(job?.name);
      }
      const [, , limitedForMs] = await worker.getBackend().moveToActive('four');
      stage.tell(limitedForMs > 0);
    },
  ],
  [
    'a rate limit of the worker, asked for several at once',
    async (stage) => {
      await stage.queue().addBulk([0, 1, 2, 3].map((n) => ({ name: `job ${n}`, data: {} })));
      const worker = stage.hand({ limiter: { max: 3, duration: 60_000 } });
      await worker.waitUntilReady();
      const answers = await Promise.all([0, 1, 2, 3].map((n) => worker.getBackend().moveToActive(`token ${n}`)));
      stage.tell(answers.map(([job, id, limitedForMs]) => [job?.name, id, limitedForMs > 0]));
    },
  ],
  [
    'a rate limit of the queue',
    async (stage) => {
      const orders = stage.queue();
      await orders.setGlobalRateLimit(1, 90_000);
      await orders.addBulk([0, 1].map((n) => ({ name: `job ${n}`, data: {} })));
      await takes(stage, 2);
      const ttl = await orders.getRateLimitTtl();
      stage.tell(ttl > 80_000);
    },
  ],
  [
    'rate limits of the queue and of the worker',
    async (stage) => {
      const orders = stage.queue();
      await orders.setGlobalRateLimit(1, 90_000);
      await orders.addBulk([0, 1].map((n) => ({ name: `job ${n}`, data: {} })));
      await takes(stage, 2, { limiter: { max: 5, duration: 30_000 } });
    },
  ],
  [
    'a rate limit that was set by hand',
    async (stage) => {
      const orders = stage.queue();
      await orders.add('charge', {});
      await orders.rateLimit(60_000);
      await takes(stage, 1, { limiter: { max: 5, duration: 30_000 } });
      await takes(stage, 1);
      await orders.removeRateLimitKey();
      await takes(stage, 1);
    },
  ],
  [
    'a rate limit in a queue that is paused',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk([0, 1].map((n) => ({ name: `job ${n}`, data: {} })));
      const worker = stage.hand({ limiter: { max: 1, duration: 60_000 } });
      await take(worker);
      await orders.pause();
      const [, , limitedForMs] = await worker.getBackend().moveToActive('other');
      stage.tell(limitedForMs > 0);
    },
  ],
  [
    'a rate limit, with a job that only starts to be failed',
    async (stage) => {
      const orders = stage.queue();
      const jobs = await orders.addBulk([0, 1].map((n) => ({ name: `job ${n}`, data: {} })));
      await stage.redis.hset(key(jobs[0]?.id ?? ''), 'defa', 'a child failed');
      await takes(stage, 3, { limiter: { max: 1, duration: 60_000 } });
    },
  ],
  [
    'a rate limit that holds when a job ends',
    async ({ queue, hand, answer, tell }) => {
      await queue().addBulk([0, 1].map((n) => ({ name: `job ${n}`, data: {} })));
      const job = await take(hand({ limiter: { max: 1, duration: 60_000 } }));
      const [, , limitedForMs] = (await job.moveToCompleted('done', 'token')) as unknown as [unknown, unknown, number];
      tell(limitedForMs > 0);
      await answer(job.getState());
    },
  ],
];

/** Two checks: the first marks what runs without a lease, the second decides. */
async function stall({ hand, redis, answer }: Stage, maxStalledCount: number): Promise<void> {
  const worker = hand({ maxStalledCount });
  for (let check = 0; check < 2; check++) {
    await answer(worker.getBackend().moveStalledJobsToWait());
    await redis.del(key('stalled-check'));
  }
}

const stalled: readonly Behaviour[] = [
  [
    'stalled jobs that may start again',
    async (stage) => {
      await stage.queue().addBulk([{}, { priority: 1 }, {}].map((opts, n) => ({ name: `job ${n}`, data: {}, opts })));
      await takes(stage, 3);
      await stage.redis.del(key('1:lock'), key('2:lock'));
      await stall(stage, 1);
      await takes(stage, 3);
    },
  ],
  [
    'a job that stalled once too often',
    async (stage) => {
      await stage.queue().add('charge', {});
      await takes(stage, 1);
      await stage.redis.del(key('1:lock'));
      await stall(stage, 0);
      await takes(stage, 1);
    },
  ],
  [
    'a job that ends after it was found stalled',
    async (stage) => {
      await stage.queue().addBulk([0, 1].map((n) => ({ name: `job ${n}`, data: {} })));
      const job = await take(stage.hand());
      await stage.redis.del(key('1:lock'));
      await stall(stage, 1);
      await stage.answer(job.moveToCompleted('late', 'token'));
      await takes(stage, 2);
    },
  ],
];

describe('the same jobs are taken in the same order:', () => {
  comparesBehaviours(order);
});

describe('delayed jobs are taken the same:', () => {
  comparesBehaviours(delayed);
});

describe('jobs are held back the same:', () => {
  comparesBehaviours(held);
});

describe('stalled jobs come back the same:', () => {
  comparesBehaviours(stalled);
});
