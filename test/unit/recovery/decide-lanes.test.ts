import { describe, expect, it } from 'vitest';
import { decideLanes, type WaitingSuspect } from '../../../src/recovery/decide-lanes.js';
import type { WorkerBeat } from '../../../src/recovery/worker-beat.js';
import { workerBeat } from '../../support/worker-beat.js';

const suspect = (jobId: string, kind = 'send'): WaitingSuspect => ({ queue: 'email', jobId, kind });

function worker(id: string, overrides: Partial<WorkerBeat> = {}): WorkerBeat {
  return workerBeat(id, { lane: 'free', kinds: ['send'], ...overrides });
}

const busy = (...slots: number[]) => slots.map((count, n) => ({ name: `q${n}`, slots: 10, busy: count }));

describe('decideLanes', () => {
  it.each<[string, WaitingSuspect[], WorkerBeat[], [string, string][]]>([
    ['gives a suspect to a worker that is free', [suspect('a')], [worker('w1')], [['a', 'w1']]],
    ['gives nothing where nobody waits', [], [worker('w1')], []],
    ['gives nothing where nobody is free', [suspect('a')], [], []],
    ['leaves out a worker without a lane', [suspect('a')], [workerBeat('w1', { kinds: ['send'] })], []],
    ['leaves out a lane that is taken', [suspect('a')], [worker('w1', { lane: 'busy' })], []],
    [
      'leaves out workers that take no jobs, or hear nothing',
      [suspect('a')],
      (['quiet', 'draining', 'blocked'] as const).map((state) => worker(state, { state })),
      [],
    ],
    ['leaves out a worker that does not know the kind', [suspect('a', 'print')], [worker('w1')], []],
    ['gives one to each worker', [suspect('a'), suspect('b')], [worker('w1')], [['a', 'w1']]],
    [
      'lets nobody wait behind one that no worker knows',
      [suspect('a', 'print'), suspect('b')],
      [worker('w1')],
      [['b', 'w1']],
    ],
    [
      'takes the worker with the fewest running jobs, over all its queues',
      [suspect('a'), suspect('b')],
      [worker('w1', { queues: busy(2, 2) }), worker('w2', { queues: busy(3, 0) }), worker('w3', { queues: busy(9) })],
      [
        ['a', 'w2'],
        ['b', 'w1'],
      ],
    ],
    [
      'takes the smaller of two that run as many',
      [suspect('a')],
      [worker('w1', { rssBytes: 2 }), worker('w2', { rssBytes: 1 })],
      [['a', 'w2']],
    ],
  ])('%s', (_what, suspects, free, expected) => {
    expect(decideLanes(suspects, free).map(({ jobId, worker }) => [jobId, worker])).toEqual(expected);
  });
});
