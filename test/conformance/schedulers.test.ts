import { describe } from 'vitest';
import { oneByOne, runs } from './running-worker.js';
import { type Behaviour, comparesBehaviours, take } from './two-backends.js';

const behaviours: readonly Behaviour[] = [
  ...(
    [
      ['every so many ms', { every: 60_000 }],
      ['every so many ms, at an offset', { every: 60_000, offset: 7_000 }],
      ['by a pattern', { pattern: '0 0 9 * * 1-5', tz: 'Europe/Berlin' }],
      ['a limited number of times', { every: 60_000, limit: 2 }],
      ['at once', { pattern: '0 0 9 * * *', immediately: true }],
    ] as const
  ).map(
    ([what, repeat]): Behaviour => [
      `a schedule: ${what}`,
      async ({ queue, hand, pass, answer }) => {
        const orders = queue();
        await answer(
          orders.upsertJobScheduler('plan', repeat, {
            name: 'charge',
            data: { n: 1 },
            opts: { attempts: 2, priority: 2 },
          }),
        );
        const worker = hand();
        for (let round = 0; round < 3; round++) {
          pass(24 * 3_600_000);
          const job = await worker.getNextJob('token', { block: false });
          await answer(Promise.resolve(job));
          if (job) await answer(job.moveToCompleted(round, 'token', true));
        }
        await answer(orders.getJobSchedulersCount());
      },
    ],
  ),
  [
    'a schedule that changes, among other jobs',
    async ({ queue, hand, pass, answer }) => {
      const orders = queue();
      await orders.upsertJobScheduler('plan', { every: 60_000 }, { name: 'charge' });
      await orders.add('plain', {}, { delay: 30_000 });
      await orders.upsertJobScheduler('plan', { every: 30_000 }, { name: 'charge', data: { changed: true } });
      pass(60_000);
      const worker = hand();
      await answer((await take(worker)).moveToFailed(new Error('no'), 'token', false));
      await answer(take(worker, 'other'));
      await answer(orders.removeJobScheduler('plan'));
    },
  ],
  [
    'a schedule whose job is tried again',
    async ({ queue, hand, pass, answer }) => {
      const orders = queue();
      await orders.upsertJobScheduler(
        'plan',
        { every: 60_000 },
        { name: 'charge', opts: { attempts: 3, backoff: 1_000 } },
      );
      pass(60_000);
      const worker = hand();
      await answer((await take(worker)).moveToFailed(new Error('no'), 'token', true));
      pass(1_000);
      await answer((await take(worker)).moveToFailed(new Error('no'), 'token', true));
    },
  ],
  [
    'a schedule on which a worker runs',
    async (stage) => {
      const orders = stage.queue();
      await orders.upsertJobScheduler('plan', { every: 100, limit: 3 }, { name: 'charge' });
      const run = runs(stage, async (job) => {
        stage.pass(100);
        return job.name;
      });
      await run.ended(3);
    },
    oneByOne,
  ],
];

describe('schedules leave the same behind:', () => {
  comparesBehaviours(behaviours);
});
