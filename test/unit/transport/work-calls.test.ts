import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Keyspace } from '../../../src/redis/keyspace.js';
import { type TakenJob, WorkCalls } from '../../../src/transport/work-calls.js';
import { workLayout } from '../../../src/transport/work-layout.js';

const job = (id: string): TakenJob => ['1', 'kind', '{}', '{}', '0', null, null, null, null, null, null, id];

it('knows the jobs that came and have not been handed out: they are no strays', async () => {
  const read: (() => void)[] = [];
  const reply = [[], [job('a'), job('b')], 0, 0, 1_000, 0];
  const calls = new WorkCalls({
    client: { evalsha: async () => reply, eval: async () => reply },
    layout: workLayout(new Keyspace('bulwark').prefix('orders'), 'orders'),
    worker: 'w1',
    leaseMs: 1_000,
    keepAttempts: 1,
    keepKeysMs: 1_000,
    payloads: {
      part: 'head',
      complete: (jobs: readonly TakenJob[]) =>
        new Promise<readonly TakenJob[]>((resolve) => {
          read.push(() => resolve(jobs));
        }),
    } as never,
    decode: (taken) => String(taken.at(-1)),
  });
  const arriving = () => ['a', 'b', 'c'].filter((id) => calls.isArriving(id));

  const taking = calls.take(['token 1', 'token 2']);
  const before = arriving();
  await turn();
  const during = arriving();
  read[0]?.();
  const { jobs } = await taking;

  expect(before).toEqual([]);
  expect(during).toEqual(['a', 'b']);
  expect(jobs).toEqual(['a', 'b']);
  expect(arriving()).toEqual([]);
});
