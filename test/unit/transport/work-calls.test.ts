import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Keyspace } from '../../../src/redis/keyspace.js';
import type { PayloadReader } from '../../../src/transport/payload-reader.js';
import { type TakenJob, WorkCalls } from '../../../src/transport/work-calls.js';
import { workLayout } from '../../../src/transport/work-layout.js';

const job = (id: string): TakenJob => ['1', 'kind', '{}', '{}', '0', null, null, null, null, null, null, id];

/** Calls whose answers, one job each, come when the test says so. */
function startCalls(complete: PayloadReader['complete'] = async (jobs) => jobs) {
  const answers: ((id: string) => void)[] = [];
  const evalsha = () =>
    new Promise((resolve) => {
      answers.push((id) => resolve([[], [job(id)], 0, 0, 1_000, 0, 0]));
    });
  const handedOut: string[] = [];
  const calls = new WorkCalls({
    client: { evalsha, eval: evalsha },
    layout: workLayout(new Keyspace('bulwark').prefix('orders'), 'orders'),
    worker: 'w1',
    leaseMs: 1_000,
    keepAttempts: 1,
    keepKeysMs: 1_000,
    payloads: { part: 'head', complete } as PayloadReader,
    decode: (taken) => {
      handedOut.push(String(taken.at(-1)));
      return String(taken.at(-1));
    },
  });
  return { calls, answers, handedOut, arriving: () => ['a', 'b'].filter((id) => calls.isArriving(id, `of ${id}`)) };
}

it('knows the jobs whose payload is being read: they are no strays', async () => {
  const read: (() => void)[] = [];
  const { calls, answers, arriving } = startCalls(
    (jobs) =>
      new Promise((resolve) => {
        read.push(() => resolve(jobs));
      }),
  );

  const taking = calls.take(['token']);
  await turn();
  const before = arriving();
  answers[0]?.('a');
  await turn();
  const during = arriving();
  read[0]?.();
  const { jobs } = await taking;

  expect([before, during, arriving()]).toEqual([[], ['a'], []]);
  expect(jobs).toEqual(['a']);
});

it('knows the jobs of an answer that waits for its turn: they are no strays either', async () => {
  const { calls, answers, handedOut, arriving } = startCalls();
  const first = calls.take(['token 1']);
  await turn();
  const second = calls.take(['token 2']);
  await turn();

  answers[0]?.('a');
  answers[1]?.('b');
  await first;
  const between = { handedOut: [...handedOut], arriving: arriving() };
  await second;

  expect(between).toEqual({ handedOut: ['a'], arriving: ['b'] });
  expect(arriving()).toEqual([]);
});
