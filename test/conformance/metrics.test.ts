import { describe } from 'vitest';
import { type Behaviour, comparesBehaviours, type Stage, take } from './two-backends.js';

/** Completes and fails jobs, so many ms apart; a worker keeps so many points. */
function counted(maxDataPoints: number, pauses: readonly number[]) {
  return async ({ queue, hand, pass, answer }: Stage): Promise<void> => {
    const orders = queue();
    await orders.addBulk(pauses.map(() => ({ name: 'charge', data: {} })));
    const worker = hand({ metrics: { maxDataPoints } });
    for (const [n, ms] of pauses.entries()) {
      pass(ms);
      const job = await take(worker);
      if (n % 3 === 2) await job.moveToFailed(new Error('boom'), 'token', false);
      else await job.moveToCompleted(n, 'token', false);
    }
    await answer(orders.getMetrics('completed'));
    await answer(orders.getMetrics('failed'));
  };
}

const minute = 60_000;

const behaviours: readonly Behaviour[] = [
  ['within a minute', counted(10, [0, 1, 1, 1, 1])],
  ['over the end of a minute', counted(10, [0, 0, 50_000, 1_000, 1_000])],
  [
    'once a minute',
    counted(
      10,
      Array.from({ length: 12 }, () => minute),
    ),
  ],
  [
    'more minutes than are kept',
    counted(
      3,
      Array.from({ length: 12 }, () => minute),
    ),
  ],
  ['with idle minutes in between', counted(10, [0, 3 * minute, 0, 0, 5 * minute, 0, 0])],
  ['after more idle minutes than are kept', counted(4, [0, 0, 0, 20 * minute, 0, 0, minute])],
  ['after more idle minutes than fit one command', counted(20_000, [0, 0, 0, 19_000 * minute, 0, 0, minute])],
  ['of which no points are kept', counted(0, [0, minute, minute])],
  [
    'of jobs that end at once, over the end of a minute',
    async ({ queue, hand, pass, answer }) => {
      const orders = queue();
      const worker = hand({ metrics: { maxDataPoints: 5 } });
      for (let round = 0; round < 4; round++) {
        await orders.addBulk(Array.from({ length: 10 }, () => ({ name: 'charge', data: {} })));
        const jobs = [];
        for (let n = 0; n < 10; n++) jobs.push(await take(worker, `token ${n}`));
        await Promise.all(jobs.map((job, n) => job.moveToCompleted(n, `token ${n}`, false)));
        pass(40_000);
      }
      await answer(orders.getMetrics('completed'));
    },
  ],
  [
    'of a worker that counts and one that does not',
    async ({ queue, hand, answer }) => {
      const orders = queue();
      await orders.addBulk([1, 2, 3].map((n) => ({ name: 'charge', data: { n } })));
      const counting = hand({ metrics: { maxDataPoints: 5 } });
      for (const worker of [counting, hand(), counting]) await (await take(worker)).moveToCompleted(1, 'token', false);
      await answer(orders.getMetrics('completed'));
    },
  ],
];

describe('finished jobs are counted the same:', () => {
  comparesBehaviours(behaviours);
});
