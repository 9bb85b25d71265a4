import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineDependency } from '../../../src/job/define-dependency.js';
import { defineJob } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import type { RetryAnswer, RetryQuestion } from '../../../src/retry/retry-budget-store.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { RetryAdmission } from '../../../src/worker/retry-admission.js';
import { recordingLog } from '../service/recording-log.js';
import { fetchedJob, momentIn, now } from './fetched-job.js';

const smtp = defineDependency({ name: 'smtp' });
const email = defineQueue({ name: 'email' });
const common = { queue: email, payload: z.object({}), run: () => undefined };
const sendReceipt = defineJob({ ...common, kind: 'send-receipt', dependencies: [smtp, smtp] });
const cleanUp = defineJob({ ...common, kind: 'clean-up' });

/** An admission in front of a store that gives the answers it is given, one after the other. */
function admission(...answers: (RetryAnswer | Error | 'lease_lost')[]) {
  const { log, lines } = recordingLog();
  const questions: RetryQuestion[] = [];
  const counted: object[] = [];
  const retries = new RetryAdmission({
    store: {
      take: async (question) => {
        questions.push(question);
        const answer = answers.shift() ?? { budget: '-', verdict: 'taken' };
        if (answer instanceof Error) throw answer;
        return answer === 'lease_lost' ? undefined : answer;
      },
    },
    queue: 'email',
    random: () => 0.5,
    metrics: { retryBudget: { inc: (labels: object) => counted.push(labels) } } as never,
    log,
  });
  const admit = (job: Partial<FetchedJob> = {}, definition = sendReceipt) =>
    retries.admit(fetchedJob(job), definition, now);
  return { admit, questions, counted, lines };
}

const retry = { attemptsMade: 1 };
const empty: RetryAnswer = { budget: 'smtp', verdict: 'empty' };
const taken: RetryAnswer = { budget: 'smtp', verdict: 'taken' };

describe('RetryAdmission', () => {
  it('lets first attempts run without asking anybody', () => {
    const { admit, questions, counted } = admission();

    expect(admit()).toBeUndefined();
    expect([questions, counted]).toEqual([[], []]);
  });

  it('brings in what it counted with the next retry, for the budgets of its kind', async () => {
    const { admit, questions } = admission();
    await admit();
    await admit();
    await admit({}, cleanUp);

    await admit(retry);
    await admit(retry, cleanUp);

    expect(questions.map(({ firstAttempts }) => [...firstAttempts])).toEqual([
      [
        ['-', 3],
        ['smtp', 2],
      ],
      [['-', 0]],
    ]);
  });

  it.each<[string, RetryAnswer, object | undefined]>([
    ['runs a retry that the budget has', taken, undefined],
    ['runs one that overdraws it', { budget: 'smtp', verdict: 'overdrawn' }, undefined],
    ['postpones one that it has not', empty, { kind: 'parked', reason: 'retry_budget', delayMs: 17_500 }],
  ])('%s', async (_what, answer, expected) => {
    const { admit, counted } = admission(answer);

    expect(await admit(retry)).toEqual(expected);
    expect(counted).toEqual([{ queue: 'email', dependency: 'smtp', verdict: answer.verdict }]);
  });

  it.each([
    ['far away', 60_000, false],
    ['near', 1_500, true],
  ])('says whether a job can wait whose deadline is %s', async (_where, ms, cannotWait) => {
    const { admit, questions } = admission();

    await admit({ ...retry, meta: { deadline: momentIn(ms) } });

    expect(questions).toMatchObject([{ cannotWait }]);
  });

  it('says once that a budget is empty, and again when it had something in between', async () => {
    const { admit, lines } = admission(empty, empty, taken, empty);

    for (let count = 0; count < 4; count++) await admit(retry);

    expect(lines).toEqual(['warn retry.budget_exhausted', 'warn retry.budget_exhausted']);
  });

  it('runs no job that somebody else runs by now', async () => {
    const { admit, counted } = admission('lease_lost');

    expect(await admit(retry)).toEqual({ kind: 'lease_lost' });
    expect(counted).toEqual([]);
  });

  it('runs a retry whose budget cannot be read, and says so', async () => {
    const { admit, lines } = admission(new Error('WRONGTYPE'));

    expect(await admit(retry)).toBeUndefined();
    expect(lines).toEqual(['warn retry.budget_unknown']);
  });
});
