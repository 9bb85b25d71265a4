import { DelayedError, type Job, UnrecoverableError, WaitingChildrenError, WaitingError, Worker } from 'bullmq';
import { describe } from 'vitest';
import { eventually } from '../support/eventually.js';
import { atOnce, inTime, oneByOne, runs } from './running-worker.js';
import { type Behaviour, comparesBehaviours, queueName } from './two-backends.js';

const key = (part: string) => `bull:${queueName}:${part}`;
const numbered = (number: number, opts = {}) =>
  Array.from({ length: number }, (_, n) => ({ name: `job ${n}`, data: { n }, opts }));

const behaviours: readonly Behaviour[] = [
  [
    'jobs that complete, one after the other',
    async (stage) => {
      await stage.queue().addBulk(numbered(5));
      await runs(stage, async ({ data }) => data.n * 2, { name: 'w1' }).ended(5);
    },
    oneByOne,
  ],
  [
    'jobs of all priorities, in their order',
    async (stage) => {
      await stage
        .queue()
        .addBulk([3, 0, 1, 2, 0, 3].map((priority, n) => ({ name: `job ${n}`, data: {}, opts: { priority } })));
      await runs(stage, async () => undefined).ended(6);
    },
    oneByOne,
  ],
  [
    'jobs that are added to a worker that sleeps',
    async (stage) => {
      const orders = stage.queue();
      const { worker, ended } = runs(stage, async ({ data }) => data, { tellsEvents: false });
      await worker.waitUntilReady();
      for (let n = 0; n < 3; n++) {
        await orders.add('charge', { n });
        await ended(n + 1);
      }
    },
    oneByOne,
  ],
  [
    'jobs that are tried again at once, some in vain',
    async (stage) => {
      await stage.queue().addBulk(numbered(3, { attempts: 3 }));
      await runs(stage, async (job) => {
        if (job.data.n === 0 || job.attemptsMade < 1) throw new Error(`no ${job.attemptsMade}`);
        return job.attemptsMade;
      }).ended(7);
    },
    oneByOne,
  ],
  [
    'jobs that are tried again later',
    async (stage) => {
      await stage.queue().add('fixed', {}, { attempts: 3, backoff: 30 });
      await stage.queue().add('growing', {}, { attempts: 3, backoff: { type: 'exponential', delay: 200 } });
      await runs(
        stage,
        async (job) => {
          if (job.name === 'growing' || job.attemptsMade < 2) throw new Error('no');
        },
        { tellsEvents: false },
      ).ended(6);
    },
    { ...inTime, anyOrder: true },
  ],
  [
    'a job whose backoff is decided by the worker',
    async (stage) => {
      await stage.queue().add('charge', {}, { attempts: 5, backoff: { type: 'mine' } });
      await runs(
        stage,
        async () => {
          throw new Error('no');
        },
        {
          settings: { backoffStrategy: (attemptsMade = 0) => (attemptsMade < 2 ? 10 : attemptsMade < 3 ? 0 : -1) },
        },
      ).ended(3);
    },
    inTime,
  ],
  [
    'a job that cannot be saved',
    async (stage) => {
      await stage.queue().add('charge', {}, { attempts: 3 });
      await runs(stage, async () => {
        throw new UnrecoverableError('never');
      }).ended(1);
    },
    oneByOne,
  ],
  [
    'a job that has started too often',
    async (stage) => {
      await stage.queue().add('charge', {}, { attempts: 5 });
      await runs(
        stage,
        async () => {
          throw new Error('no');
        },
        { maxStartedAttempts: 2 },
      ).ended(2);
    },
    oneByOne,
  ],
  [
    'a job that puts itself off',
    async (stage) => {
      await stage.queue().add('charge', { step: 1 });
      await runs(stage, async (job, token) => {
        if (job.data.step === 2) return 'done';
        await job.updateData({ step: 2 });
        await job.moveToDelayed(Date.now() + 50, token);
        throw new DelayedError();
      }).ended(1);
    },
    inTime,
  ],
  [
    'a job that puts itself back',
    async (stage) => {
      await stage.queue().addBulk(numbered(2));
      await runs(stage, async (job, token) => {
        if (job.data.n === 'again') return 'done';
        await job.updateData({ n: 'again' });
        await job.moveToWait(token);
        throw new WaitingError();
      }).ended(2);
    },
    oneByOne,
  ],
  [
    'a job that waits for children it adds itself',
    async (stage) => {
      const orders = stage.queue();
      await orders.add('parent', { step: 1 });
      await runs(stage, async (job, token) => {
        if (job.name !== 'parent') return job.name;
        if (job.data.step === 1) {
          for (const jobId of ['child a', 'child b']) {
            await orders.add(jobId, {}, { jobId, parent: { id: job.id ?? '', queue: job.queueQualifiedName } });
          }
          await job.updateData({ step: 2 });
        }
        if (await job.moveToWaitingChildren(token ?? '')) throw new WaitingChildrenError();
        return job.getChildrenValues();
      }).ended(3);
    },
    oneByOne,
  ],
  [
    'a job that asks for a rate limit',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk(numbered(2));
      let limits = 0;
      await runs(
        stage,
        async () => {
          if (limits++ > 0) return 'done';
          await orders.rateLimit(100);
          throw Worker.RateLimitError();
        },
        { limiter: { max: 5, duration: 60_000 } },
      ).ended(2);
    },
    inTime,
  ],
  [
    'a worker with a rate limit',
    async (stage) => {
      await stage.queue().addBulk(numbered(4));
      await runs(stage, async ({ data }) => data.n, { limiter: { max: 2, duration: 100 } }).ended(4);
    },
    { ...inTime, without: ['marker', 'stalled-check', 'limiter'] },
  ],
  [
    'a queue with a rate limit',
    async (stage) => {
      const orders = stage.queue();
      await orders.setGlobalRateLimit(1, 50);
      await orders.addBulk(numbered(3));
      await runs(stage, async ({ data }) => data.n).ended(3);
    },
    { ...inTime, without: ['marker', 'stalled-check', 'limiter'] },
  ],
  [
    'many delayed jobs that are due together',
    async (stage) => {
      await stage.queue().addBulk(numbered(30, { delay: 100 }));
      await runs(stage, async ({ data }) => data.n, { tellsEvents: false }).ended(30);
    },
    { ...inTime, anyOrder: true },
  ],
  [
    'delayed jobs that become due one after the other',
    async (stage) => {
      await stage
        .queue()
        .addBulk([1_400, 600, 1_000].map((delay) => ({ name: `after ${delay}`, data: {}, opts: { delay } })));
      await runs(stage, async ({ name }) => name).ended(3);
    },
    inTime,
  ],
  [
    'jobs that report progress and write logs',
    async (stage) => {
      await stage.queue().addBulk(numbered(2, { keepLogs: 2 }));
      await runs(stage, async (job: Job) => {
        for (const step of [1, 2, 3]) {
          await job.updateProgress(step * 30);
          await job.log(`step ${step}`);
        }
        await job.updateProgress({ phase: 'end' });
      }).ended(2);
    },
    oneByOne,
  ],
  [
    'jobs that are not kept, and are counted',
    async (stage) => {
      await stage.queue().addBulk(numbered(6));
      await runs(
        stage,
        async ({ data }) => {
          if (data.n % 2) throw new Error('no');
        },
        { removeOnComplete: { count: 0 }, removeOnFail: { count: 1 }, metrics: { maxDataPoints: 10 } },
      ).ended(6);
    },
    oneByOne,
  ],
  [
    'a lease that is lost while the job runs',
    async (stage) => {
      await stage.queue().addBulk(numbered(2));
      const { ended } = runs(stage, async (job) => {
        if (job.data.n === 0) await stage.redis.set(key(`${job.id}:lock`), 'other');
      });
      await ended(1);
    },
    oneByOne,
  ],
  [
    'a job that is removed while it runs',
    async (stage) => {
      await stage.queue().addBulk(numbered(2));
      const { ended } = runs(stage, async (job) => {
        if (job.data.n === 0) await stage.redis.del(key(`${job.id}`));
      });
      await ended(1);
    },
    oneByOne,
  ],
  [
    'a queue that is paused while a job runs',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk(numbered(3));
      const { ended } = runs(stage, async ({ data }) => {
        if (data.n === 0) await orders.pause();
      });
      await ended(1);
      await orders.resume();
      await ended(3);
    },
    oneByOne,
  ],
  [
    'a worker that is paused while a job runs',
    async (stage) => {
      await stage.queue().addBulk(numbered(3));
      const { worker, ended } = runs(stage, async ({ data }) => {
        if (data.n === 0) worker.pause(true).catch(() => undefined);
      });
      await ended(1);
      await worker.resume();
      await ended(3);
    },
    oneByOne,
  ],
  [
    'a worker that closes while a job runs: it ends, and no other starts',
    async (stage) => {
      await stage.queue().addBulk(numbered(3));
      let closed: Promise<void> | undefined;
      const { worker } = runs(stage, async ({ data }) => {
        if (data.n === 1) closed = worker.close();
        return data.n;
      });
      await eventually('it is told to close', () => closed !== undefined);
      await closed;
    },
    oneByOne,
  ],
  [
    'a worker that is closed by force while a job runs',
    async (stage) => {
      await stage.queue().addBulk(numbered(2));
      let running = false;
      const { worker } = runs(stage, () => {
        running = true;
        return new Promise(() => undefined);
      });
      await eventually('it runs', () => running);
      await worker.close(true);
    },
    oneByOne,
  ],
  [
    'a job that stalls, and runs on another worker',
    async (stage) => {
      await stage.queue().addBulk(numbered(2));
      await stage.hand().getNextJob('lost', { block: false });
      await stage.redis.del(key('1:lock'));
      await runs(stage, async ({ data }) => data.n, { stalledInterval: 50, tellsEvents: false }).ended(2);
    },
    { ...inTime, without: ['marker', 'stalled-check', 'stalled'] },
  ],
  [
    'what QueueEvents tells',
    async (stage) => {
      const events = await stage.events();
      const told: unknown[] = [];
      for (const event of [
        'added',
        'waiting',
        'active',
        'progress',
        'completed',
        'failed',
        'retries-exhausted',
        'duplicated',
        'drained',
        'delayed',
      ] as const) {
        // Of `drained` nothing is told but where it stands in the stream.
        events.on(event, (words: object | string) => told.push([event, typeof words === 'string' ? 'id' : words]));
      }
      const orders = stage.queue();
      await orders.addBulk(numbered(3, { attempts: 2 }));
      await orders.add('again', {}, { jobId: 'a' });
      await orders.add('again', {}, { jobId: 'a' });
      await runs(stage, async (job) => {
        await job.updateProgress(50);
        if (job.data.n === 1) throw new Error('no');
        return job.data;
      }).ended(5);
      await eventually('the last is told', () => told.some((words) => JSON.stringify(words).includes('drained')));
      stage.tell(told);
    },
    oneByOne,
  ],
  [
    'what somebody is told who waits for a job',
    async (stage) => {
      const events = await stage.events();
      const orders = stage.queue();
      const [good, bad] = await orders.addBulk(numbered(2));
      const waits = [good?.waitUntilFinished(events, 5_000), bad?.waitUntilFinished(events, 5_000)];
      const settled = Promise.allSettled(waits);
      await runs(stage, async ({ data }) => {
        if (data.n === 1) throw new Error('no');
        return { sent: true };
      }).ended(2);
      stage.tell((await settled).map((wait) => ('value' in wait ? wait.value : String(wait.reason))));
    },
    oneByOne,
  ],
];

const concurrent: readonly Behaviour[] = [
  [
    'five at a time, all of them well',
    async (stage) => {
      await stage.queue().addBulk(numbered(200));
      await runs(stage, async ({ data }) => data.n, { concurrency: 5, tellsEvents: false }).ended(200);
    },
    atOnce,
  ],
  [
    'five at a time, of every kind',
    async (stage) => {
      const orders = stage.queue();
      await orders.addBulk([
        ...numbered(40, { attempts: 2 }),
        ...numbered(10, { priority: 3 }),
        ...numbered(10, { removeOnComplete: true, removeOnFail: true }),
      ]);
      await runs(
        stage,
        async (job) => {
          if (job.data.n % 5 === 0) throw new UnrecoverableError('never');
          if (job.data.n % 3 === 0 && job.attemptsMade === 0) throw new Error('once');
          return job.data.n;
        },
        { concurrency: 5, tellsEvents: false, metrics: { maxDataPoints: 3 } },
      ).ended(71);
    },
    atOnce,
  ],
  [
    'five at a time under a global concurrency of two',
    async (stage) => {
      const orders = stage.queue();
      await orders.setGlobalConcurrency(2);
      await orders.addBulk(numbered(30));
      let most = 0;
      let now = 0;
      await runs(
        stage,
        async () => {
          now += 1;
          most = Math.max(most, now);
          await new Promise(setImmediate);
          now -= 1;
        },
        { concurrency: 5, tellsEvents: false },
      ).ended(30);
      stage.tell(most);
    },
    atOnce,
  ],
  [
    'two workers with five at a time',
    async (stage) => {
      await stage.queue().addBulk(numbered(200));
      const one = runs(stage, async ({ data }) => data.n, { concurrency: 5, tellsEvents: false });
      const two = runs(stage, async ({ data }) => data.n, { concurrency: 5, tellsEvents: false });
      await Promise.race([
        one.ended(200),
        two.ended(200),
        eventually('all are done', async () => (await stage.redis.zcard(key('completed'))) === 200),
      ]);
    },
    atOnce,
  ],
];

describe('a worker leaves the same behind:', () => {
  comparesBehaviours(behaviours);
});

describe('workers that run jobs at the same time leave the same behind:', () => {
  comparesBehaviours(concurrent);
});
