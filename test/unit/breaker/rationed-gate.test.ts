import { describe, expect, it } from 'vitest';
import { rationHeadroom } from '../../../src/breaker/breaker-policy.js';
import { testGates } from '../../support/test-gates.js';
import { smtp } from './gate-calls.js';

describe('a gate whose breaker has just closed', () => {
  /** It was called four hundred times a second by two workers, and closed so long ago. */
  function ramping(closedForMs: number) {
    const test = testGates();
    const gate = test.gates.of(smtp);
    test.fleet.trip('smtp', { callsPerSecond: 400, callers: 2 });
    test.fleet.release('smtp');
    test.sync();
    test.clock.time += closedForMs;
    return { ...test, gate };
  }

  it('takes the calls that all workers share, several at once, and uses them up', async () => {
    const { gate, fleet } = ramping(20_000);
    fleet.share = { given: 3, inMs: 0 };

    for (let call = 0; call < 3; call++) expect((await gate.enter()).kind).toBe('pass');
    expect(fleet.rationed).toEqual([[800 / rationHeadroom, 7]]);
    await gate.enter();
    expect(fleet.rationed).toHaveLength(2);
  });

  it('keeps calls that it has taken for a moment only', async () => {
    const { gate, fleet, clock } = ramping(20_000);
    fleet.share = { given: 3, inMs: 0 };
    await gate.enter();

    clock.time += 100;
    await gate.enter();

    expect(fleet.rationed).toHaveLength(2);
  });

  it('sends jobs away for which there is none', async () => {
    const { gate, fleet } = ramping(0);
    fleet.share = { given: 0, inMs: 40 };

    expect(await gate.enter()).toMatchObject({ kind: 'refused', refusal: { by: 'worker', retryAfterMs: 40 } });
    expect(fleet.rationed).toEqual([[80 / rationHeadroom, 1]]);
  });

  it.each([
    ['the fleet', true],
    ['its own share', false],
  ])(
    'goes on to share after a minute where %s has just turned calls away, and not for ever',
    async (_what, reachable) => {
      const { gate, fleet, clock } = ramping(59_000);
      fleet.isReachable = reachable;
      fleet.share = { given: 0, inMs: 40 };
      for (let calls = 0; calls < 1_000; calls++) if ((await gate.enter()).kind === 'refused') break;

      clock.time += 5_000;
      expect(gate.door()).toMatchObject({ kind: 'rationed', perSecond: 400 });
      clock.time += 10_000;
      expect(gate.door().kind).toBe('free');
    },
  );

  it('waits for its turn, and is not called when it opened meanwhile', async () => {
    const { gate, fleet, sync } = ramping(0);
    fleet.share = { given: 1, inMs: 20 };

    const entering = gate.enter();
    fleet.isolate('smtp');
    sync();

    expect(await entering).toMatchObject({ kind: 'refused', refusal: { by: 'fleet' } });
  });

  it('has a share of its own when the fleet does not answer', async () => {
    const { gate } = ramping(0);

    let passed = 0;
    while ((await gate.enter()).kind === 'pass') passed += 1;

    // Of forty a second those of a tenth of it that were saved up, and those of another tenth that wait for their turn.
    expect(passed).toBeGreaterThanOrEqual(6);
    expect(passed).toBeLessThanOrEqual(8);
  });
});
