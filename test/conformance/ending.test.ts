import { type Job, type JobsOptions, UnrecoverableError, type Worker } from 'bullmq';
import { describe } from 'vitest';
import { type Behaviour, comparesBehaviours, queueName, type Stage, take } from './two-backends.js';

const key = (part: string) => `bull:${queueName}:${part}`;

/** Puts jobs into the queue, takes the first, and ends it in some way. */
function oneOf(
  jobs: readonly JobsOptions[],
  end: (job: Job, stage: Stage, worker: Worker) => Promise<void>,
): Behaviour[1] {
  return async (stage) => {
    const orders = stage.queue();
    for (const [n, opts] of jobs.entries()) await orders.add(`job ${n}`, { n }, opts);
    const worker = stage.hand({ name: 'w1' });
    const job = await take(worker);
    stage.pass(10);
    await end(job, stage, worker);
    stage.tell({ finishedOn: job.finishedOn, attemptsMade: job.attemptsMade, returnvalue: job.returnvalue });
  };
}

const results: readonly unknown[] = [
  undefined,
  null,
  0,
  1.5,
  '',
  'done',
  false,
  true,
  {},
  { deep: [1, { two: 'ü\u2028' }] },
  [],
  Number.NaN,
];

const completing: readonly Behaviour[] = [
  ...results.map(
    (result): Behaviour => [
      `the result ${JSON.stringify(result) ?? String(result)}`,
      oneOf([{}], (job, { answer }) => answer(job.moveToCompleted(result, 'token', false))),
    ],
  ),
  ['the next job at once', oneOf([{}, {}, {}], (job, { answer }) => answer(job.moveToCompleted('done', 'token')))],
  ['no next job', oneOf([{}], (job, { answer }) => answer(job.moveToCompleted('done', 'token', true)))],
  [
    'a delayed job as the next',
    oneOf([{}, { delay: 5_000 }], (job, { answer }) => answer(job.moveToCompleted('done', 'token', true))),
  ],
  [
    'a delayed job while nobody asks for the next',
    oneOf([{}, { delay: 5_000 }], (job, { answer }) => answer(job.moveToCompleted('done', 'token', false))),
  ],
  [
    'a prioritized job as the next',
    oneOf([{}, { priority: 5 }, { priority: 1 }], (job, { answer }) =>
      answer(job.moveToCompleted('done', 'token', true)),
    ),
  ],
  [
    'a prioritized job that waits while nobody asks for the next',
    oneOf([{}, { priority: 5 }], (job, { answer }) => answer(job.moveToCompleted('done', 'token', false))),
  ],
  [
    'together with one after which nobody asks for the next',
    oneOf([{}, {}, { delay: 5_000 }], async (job, { answer }, worker) => {
      const other = await take(worker, 'other');
      await answer(
        Promise.all([job.moveToCompleted('one', 'token', true), other.moveToCompleted('two', 'other', false)]),
      );
    }),
  ],
  [
    'while others run',
    oneOf([{}, {}], async (job, { answer }, worker) => {
      await take(worker, 'other');
      await answer(job.moveToCompleted('done', 'token', false));
    }),
  ],
  [
    'while the queue is paused',
    oneOf([{}, {}], async (job, { queue, answer }) => {
      await queue().pause();
      await answer(job.moveToCompleted('done', 'token', true));
    }),
  ],
  [
    'while the queue is paused and empty',
    oneOf([{}], async (job, { queue, answer }) => {
      await queue().pause();
      await answer(job.moveToCompleted('done', 'token', true));
    }),
  ],
  [
    'a job that was delayed, tried and logged before',
    oneOf([{ attempts: 2, backoff: 1_000 }], async (job, { answer, pass, hand }) => {
      await job.log('first try');
      await job.updateProgress({ step: 1 });
      await job.updateData({ n: 'changed' });
      await job.moveToFailed(new Error('not yet'), 'token', false);
      pass(1_000);
      const again = await take(hand());
      await answer(again.moveToCompleted('done', 'token', true));
    }),
  ],
  [
    'in a queue with many more events than it keeps',
    async ({ queue, hand, redis, tell }) => {
      const orders = queue(queueName, { streams: { events: { maxLen: 20 } } });
      await orders.addBulk(Array.from({ length: 150 }, () => ({ name: 'charge', data: {} })));
      const worker = hand();
      for (let n = 0; n < 150; n++) await (await take(worker)).moveToCompleted(n, 'token', false);
      // Redis removes them by the block, and how many fit a block is not ours to say.
      tell((await redis.xlen(key('events'))) < 200);
    },
    { without: ['events'] },
  ],
  [
    'in a queue that keeps few events',
    async ({ queue, hand, answer, redis }) => {
      const orders = queue(queueName, { streams: { events: { maxLen: 2 } } });
      await orders.addBulk(Array.from({ length: 5 }, () => ({ name: 'charge', data: {} })));
      const worker = hand();
      for (let n = 0; n < 5; n++) await answer((await take(worker)).moveToCompleted(n, 'token', false));
      await redis.hdel(key('meta'), 'opts.maxLenEvents');
      await orders.add('last', {});
      await redis.hdel(key('meta'), 'opts.maxLenEvents');
      await answer((await take(worker)).moveToCompleted('last', 'token', false));
    },
  ],
];

const errors: readonly [what: string, error: unknown, options: JobsOptions][] = [
  ['an error', new Error('boom'), {}],
  ['an error after its only attempt', new Error('boom'), { attempts: 1 }],
  ['an error that will be tried again later', new Error('boom'), { attempts: 3, backoff: 1_000 }],
  ['an error that will be tried again at once', new Error('boom'), { attempts: 3 }],
  ['an error that will be tried again before all others', new Error('boom'), { attempts: 3, lifo: true }],
  ['an error that will be tried again in its priority', new Error('boom'), { attempts: 3, priority: 3 }],
  ['an error with a growing backoff', new Error('boom'), { attempts: 3, backoff: { type: 'exponential', delay: 500 } }],
  ['an error that is for good', new UnrecoverableError('never'), { attempts: 3 }],
  ['an error without a message', new Error(), {}],
  ['an error with any text', new Error('ü"\\\n\u2028'), {}],
  ['an error without a stack', Object.assign(new Error('boom'), { stack: undefined }), {}],
  ['an error whose stack is not kept', new Error('boom'), { stackTraceLimit: 0 }],
  ['what is no error', { name: 'odd' }, {}],
  ['an error whose job is not kept', new Error('boom'), { removeOnFail: true }],
];

const failing: readonly Behaviour[] = [
  ...errors.flatMap(([what, error, opts]): Behaviour[] => [
    [what, oneOf([opts], (job, { answer }) => answer(job.moveToFailed(error as Error, 'token', false)))],
    [
      `${what}, and takes the next job`,
      oneOf([opts, {}, { delay: 100 }], (job, { answer }) => answer(job.moveToFailed(error as Error, 'token', true))),
    ],
    [
      `${what}, with no next job`,
      oneOf([opts], (job, { answer }) => answer(job.moveToFailed(error as Error, 'token', true))),
    ],
  ]),
  [
    'every attempt',
    oneOf(
      [{ attempts: 3, backoff: { type: 'exponential', delay: 1_000 } }],
      async (job, { answer, pass, hand }, worker) => {
        await answer(job.moveToFailed(new Error('one'), 'token', false));
        for (const [wait, message] of [
          [1_000, 'two'],
          [2_000, 'three'],
        ] as const) {
          await answer(hand().getNextJob('early', { block: false }));
          pass(wait);
          await answer((await take(worker)).moveToFailed(new Error(message), 'token', true));
        }
      },
    ),
  ],
  [
    'a job that was to fail',
    oneOf([{ attempts: 3 }], async (job, { redis, answer }) => {
      await redis.hset(key(job.id ?? ''), 'defa', 'a child failed');
      await answer(job.moveToFailed(new UnrecoverableError('a child failed'), 'token', false));
    }),
  ],
];

const leases: readonly [what: string, lose: (job: Job, stage: Stage) => Promise<unknown>][] = [
  ['somebody else holds', (job, { redis }) => redis.set(key(`${job.id}:lock`), 'other')],
  ['nobody holds any more', (job, { redis }) => redis.del(key(`${job.id}:lock`))],
  ['is gone', (job, { redis }) => redis.del(key(`${job.id}`))],
];

const ends: readonly [what: string, end: (job: Job, token: string) => Promise<unknown>, options: JobsOptions][] = [
  ['completing', (job, token) => job.moveToCompleted('done', token, true), {}],
  ['failing', (job, token) => job.moveToFailed(new Error('boom'), token, true), {}],
  [
    'trying again later',
    (job, token) => job.moveToFailed(new Error('boom'), token, true),
    { attempts: 2, backoff: 100 },
  ],
  ['trying again at once', (job, token) => job.moveToFailed(new Error('boom'), token, true), { attempts: 2 }],
  ['delaying', (job, token) => job.moveToDelayed(Date.now() + 1_000, token), {}],
  ['delaying until now', (job, token) => job.moveToDelayed(Date.now(), token), {}],
  ['delaying until a moment that has passed', (job, token) => job.moveToDelayed(Date.now() - 1_000, token), {}],
  ['giving back', (job, token) => job.moveToWait(token), {}],
  ['waiting for children', (job, token) => job.moveToWaitingChildren(token), {}],
];

const leased: readonly Behaviour[] = ends.flatMap(([what, end, opts]): Behaviour[] => [
  [`${what} with the lease`, oneOf([opts, {}], (job, { answer }) => answer(end(job, 'token')))],
  [`${what} without a lease, as the token 0 allows`, oneOf([opts, {}], (job, { answer }) => answer(end(job, '0')))],
  [
    `${what} a job that was marked as stalled`,
    oneOf([opts, {}], async (job, { redis, answer }) => {
      await redis.sadd(key('stalled'), job.id ?? '');
      await answer(end(job, 'token'));
    }),
  ],
  [
    `${what} a job that was marked as stalled, without a lease`,
    oneOf([opts, {}], async (job, { redis, answer }) => {
      await redis.sadd(key('stalled'), job.id ?? '');
      await answer(end(job, '0'));
    }),
  ],
  ...leases.map(
    ([loss, lose]): Behaviour => [
      `${what} a job that ${loss}`,
      oneOf([opts, {}], async (job, stage) => {
        await lose(job, stage);
        await stage.answer(end(job, 'token'));
      }),
    ],
  ),
]);

const byHand: readonly Behaviour[] = [
  [
    'delayed jobs that are delayed again, in their order',
    oneOf([{}, {}, {}], async (job, { answer }, worker) => {
      const due = Date.now() + 1_000;
      await answer(job.moveToDelayed(due, 'token'));
      await answer((await take(worker)).moveToDelayed(due, 'token'));
      await answer((await take(worker)).moveToDelayed(due - 500, 'token'));
    }),
  ],
  [
    'a job that is delayed without counting an attempt, and runs when it is due',
    oneOf([{}], async (job, { answer, pass, hand }) => {
      await answer(job.moveToDelayed(Date.now() + 1_000, 'token'));
      await answer(hand().getNextJob('early', { block: false }));
      pass(1_000);
      await answer((await take(hand())).moveToCompleted('done', 'token'));
    }),
  ],
  [
    'a delay that counts from a moment of its own',
    oneOf([{}], async (job, { answer }, worker) => {
      const backend = worker.getBackend();
      await answer(backend.moveToDelayed(job.id ?? '', Date.now() - 500, 2_000, 'token', { skipAttempt: true }));
    }),
  ],
  [
    'a lease that is renewed',
    oneOf([{}], async (job, { answer }) => {
      await answer(job.extendLock('token', 60_000));
      await answer(job.extendLock('other', 60_000));
    }),
  ],
  [
    'many jobs that end at once',
    async ({ queue, hand, answer }) => {
      await queue().addBulk(
        Array.from({ length: 60 }, (_, n) => ({
          name: `job ${n}`,
          data: { n },
          opts: { attempts: 2, backoff: 1_000 },
        })),
      );
      const worker = hand();
      const jobs: Job[] = [];
      for (let n = 0; n < 60; n++) jobs.push(await take(worker, `token ${n}`));
      await answer(
        Promise.all(
          jobs
            .map((job, n) =>
              n % 3 === 0
                ? job.moveToFailed(n % 2 ? new UnrecoverableError('no') : new Error('no'), `token ${n}`, false)
                : job.moveToCompleted(n, n % 7 === 0 ? 'wrong' : `token ${n}`, false),
            )
            .map((end) => end.catch((error: Error) => error.message)),
        ),
      );
    },
  ],
  [
    'ends that are still on their way when the worker closes',
    oneOf([{}, {}], async (job, _stage, worker) => {
      const other = await take(worker, 'other');
      const ends = [job.moveToCompleted('one', 'token', false), other.moveToFailed(new Error('two'), 'other', false)];
      await worker.close();
      await Promise.all(ends);
    }),
  ],
];

describe('completing leaves the same behind:', () => {
  comparesBehaviours(completing);
});

describe('failing leaves the same behind:', () => {
  comparesBehaviours(failing);
});

describe('ending leaves the same behind:', () => {
  comparesBehaviours([...leased, ...byHand]);
});
