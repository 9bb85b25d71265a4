import { expect, it } from 'vitest';
import { awaitJobs } from '../../../../src/cli/enqueue/await-jobs.js';
import type { JobOutcomeView } from '../../../../src/transport/view-scripts.js';

const done: JobOutcomeView = { state: 'completed', result: 1 };
const pending: JobOutcomeView = { state: 'pending' };

/** A queue that answers one look after the other by these, the last one for ever. */
function queueThatAnswers(...looks: ((ids: readonly string[]) => JobOutcomeView[])[]) {
  const asked: string[][] = [];
  return {
    asked,
    outcomes: async (_queue: string, ids: readonly string[]) => {
      asked.push([...ids]);
      return (looks.length > 1 ? looks.shift() : looks[0])?.(ids) ?? [];
    },
  };
}

const all = (outcome: JobOutcomeView) => (ids: readonly string[]) => ids.map(() => outcome);

function wait(
  inspector: ReturnType<typeof queueThatAnswers>,
  ids: string[],
  timeoutMs = 5_000,
  signal = new AbortController().signal,
) {
  const progress: number[] = [];
  const troubles: string[] = [];
  const awaited = awaitJobs({
    inspector,
    queue: 'quick',
    ids,
    timeoutMs,
    signal,
    onProgress: (ended) => progress.push(ended),
    onTrouble: ({ message }) => troubles.push(message),
  });
  return { awaited, progress, troubles };
}

it('asks again for those that have not ended, until all have', async () => {
  const inspector = queueThatAnswers((ids) => ids.map((id) => (id === 'a' ? done : pending)), all(done));

  const { awaited, progress } = wait(inspector, ['a', 'b']);

  expect(await awaited).toMatchObject({ end: 'all_ended' });
  expect(inspector.asked).toEqual([['a', 'b'], ['b']]);
  expect(progress).toEqual([0, 1, 2]);
});

it('asks for a few hundred at a time', async () => {
  const inspector = queueThatAnswers(all(done));

  await wait(
    inspector,
    Array.from({ length: 450 }, (_, index) => `${index}`),
  ).awaited;

  expect(inspector.asked.map(({ length }) => length)).toEqual([200, 200, 50]);
});

it('gives up when time is up and says which have not ended', async () => {
  const { awaited } = wait(queueThatAnswers(all(pending)), ['a'], 120);

  const { end, outcomes } = await awaited;

  expect(end).toBe('timeout');
  expect(outcomes.get('a')).toEqual(pending);
});

it('stops at once when nobody waits any more', async () => {
  const abort = new AbortController();
  const { awaited } = wait(queueThatAnswers(all(pending)), ['a'], 60_000, abort.signal);

  abort.abort();

  expect(await awaited).toMatchObject({ end: 'interrupted' });
});

it('goes on waiting when Redis gives no answer, and says so once', async () => {
  const silence = () => {
    throw new Error('Connection is closed.');
  };
  const { awaited, troubles } = wait(queueThatAnswers(silence, silence, all(done)), ['a']);

  expect(await awaited).toMatchObject({ end: 'all_ended' });
  expect(troubles).toEqual(['Redis gave no answer: Connection is closed.']);
});

it('does not hide any other error', async () => {
  const { awaited } = wait(
    queueThatAnswers(() => {
      throw new TypeError('a bug');
    }),
    ['a'],
  );

  await expect(awaited).rejects.toThrow('a bug');
});
