import { expect, it } from 'vitest';
import { type BeatingWorker, judgeFleet } from '../../../../src/cli/trace/judge-fleet.js';
import type { WorkerBeat } from '../../../../src/recovery/worker-beat.js';
import { workerBeat } from '../../../support/worker-beat.js';

const worker = (given: Partial<WorkerBeat> = {}, ageMs = 0): BeatingWorker => ({
  beat: workerBeat('w', { kinds: ['mail'], queues: [{ name: 'email', slots: 10, busy: 4 }], ...given }),
  ageMs,
});
const judge = (...workers: BeatingWorker[]) => judgeFleet(workers, 'email', 'mail', 5_000);

it('counts who takes jobs of the queue and knows the kind, and their free slots', () => {
  expect(judge(worker({ lane: 'free' }), worker({ lane: 'busy' }), worker())).toEqual({
    serving: 3,
    freeSlots: 18,
    idle: {},
    strangers: 0,
    lanes: 2,
    freeLanes: 1,
  });
});

it('counts no slot as free that a worker leaves alone, because no job of the queue could run', () => {
  const held = worker({ queues: [{ name: 'email', slots: 10, busy: 4, usable: 0 }] });
  const probing = worker({ queues: [{ name: 'email', slots: 10, busy: 0, usable: 1 }] });

  expect(judge(held)).toMatchObject({ serving: 1, freeSlots: 0 });
  expect(judge(held, probing)).toMatchObject({ serving: 2, freeSlots: 1 });
});

it('counts apart who knows the kind and takes nothing now, by why', () => {
  const idle = [worker({ state: 'quiet' }), worker({ state: 'blocked' }), worker({}, 3_000), worker({}, 6_000)];

  expect(judge(...idle)).toMatchObject({
    serving: 0,
    freeSlots: 0,
    idle: { quiet: 1, blocked: 1, late: 1, silent: 1 },
  });
});

it('counts apart who takes jobs of the queue and does not know the kind', () => {
  expect(judge(worker({ kinds: ['other'] }))).toMatchObject({ serving: 0, strangers: 1 });
});

it('counts nobody who serves another queue, or is there for one suspect', () => {
  const elsewhere = worker({ queues: [{ name: 'other', slots: 1, busy: 0 }] });
  const alone = worker({ state: 'quiet', suspect: { queue: 'email', jobId: '7' } });

  expect(judge(elsewhere, alone)).toMatchObject({ serving: 0, idle: {}, strangers: 0 });
});
