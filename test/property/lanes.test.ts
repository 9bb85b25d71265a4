import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideLanes } from '../../src/recovery/decide-lanes.js';
import { workerBeat } from '../support/worker-beat.js';

const anyKind = fc.constantFrom('send', 'print', 'scan');
const anySuspects = fc.uniqueArray(
  fc.record({ queue: fc.constantFrom('q1', 'q2'), jobId: fc.nat(50).map(String), kind: anyKind }),
  { selector: ({ queue, jobId }) => `${queue}/${jobId}`, maxLength: 20 },
);
const anyFleet = fc
  .array(
    fc.record(
      {
        state: fc.constantFrom('running' as const, 'quiet' as const, 'draining' as const, 'blocked' as const),
        lane: fc.constantFrom('free' as const, 'busy' as const),
        kinds: fc.uniqueArray(anyKind),
        queues: fc.array(fc.record({ name: fc.constant('q'), slots: fc.constant(10), busy: fc.nat(10) })),
        rssBytes: fc.nat(),
      },
      { requiredKeys: ['state', 'kinds', 'queues', 'rssBytes'] },
    ),
    { maxLength: 10 },
  )
  .map((beats) => beats.map((beat, n) => workerBeat(`w${n}`, beat)));

describe('decideLanes', () => {
  it('for any suspects and workers, gives each suspect one lane, and each lane one suspect that it can run', () => {
    fc.assert(
      fc.property(anySuspects, anyFleet, (suspects, fleet) => {
        const given = decideLanes(suspects, fleet);

        expect(new Set(given.map(({ worker }) => worker)).size).toBe(given.length);
        expect(new Set(given.map(({ queue, jobId }) => `${queue}/${jobId}`)).size).toBe(given.length);
        for (const { worker, kind } of given) {
          const lane = fleet.find(({ id }) => id === worker);
          expect(lane).toMatchObject({ lane: 'free', state: 'running' });
          expect(lane?.kinds).toContain(kind);
        }
      }),
    );
  });

  it('for any suspects and workers, leaves no lane free that could run one of those that wait on', () => {
    fc.assert(
      fc.property(anySuspects, anyFleet, (suspects, fleet) => {
        const given = decideLanes(suspects, fleet);

        const waiting = suspects.filter(
          ({ queue, jobId }) => !given.some((g) => g.queue === queue && g.jobId === jobId),
        );
        const idle = fleet.filter(
          ({ id, lane, state }) => lane === 'free' && state === 'running' && !given.some(({ worker }) => worker === id),
        );
        for (const { kind } of waiting) expect(idle.some(({ kinds }) => kinds.includes(kind))).toBe(false);
      }),
    );
  });
});
