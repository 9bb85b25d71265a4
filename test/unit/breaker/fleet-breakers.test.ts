import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closedBreaker, type Permit } from '../../../src/breaker/breaker-machine.js';
import type { Share } from '../../../src/breaker/breaker-scripts.js';
import { FleetBreakers } from '../../../src/breaker/fleet-breakers.js';

const half = { ...closedBreaker('smtp'), phase: 'half_open', generation: 5 } as const;
const wish = { leaseMs: 5_000, openForMs: 2_000, begins: true };
const probe: Permit = { kind: 'probe', generation: 5, state: half };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A worker's way to a fleet that answers when the test says so. */
function fleetThat(answers: {
  ask?: () => Promise<Permit>;
  isConnected?: () => boolean;
  settle?: () => Promise<'counted'>;
  ration?: () => Promise<Share>;
}) {
  const settled: unknown[][] = [];
  const errors: unknown[] = [];
  const asked = vi.fn(answers.ask ?? (async () => probe));
  const fleet = new FleetBreakers({
    store: {
      ask: asked,
      settle: (...settling: unknown[]) => {
        settled.push(settling);
        return answers.settle?.() ?? Promise.resolve('counted');
      },
      sync: async () => 'unchanged',
      report: async () => undefined,
      ration: answers.ration ?? (async () => ({ given: 1, inMs: 0 })),
    },
    isConnected: answers.isConnected ?? (() => true),
    worker: 'host-1-ab',
    onSettled: () => undefined,
    onError: (error) => errors.push(error),
  });
  return { fleet, settled, errors, asked };
}

describe('FleetBreakers', () => {
  it('has no calls to give when there is no answer', async () => {
    const { fleet } = fleetThat({ ration: () => Promise.reject(new Error('no answer')) });

    expect(await fleet.ration('smtp', 100, 1)).toBeUndefined();
    expect(fleet.isReachable).toBe(false);
  });

  it('names every probe anew', async () => {
    const { fleet } = fleetThat({});

    expect(await fleet.ask('smtp', wish)).toEqual({ token: 'host-1-ab:0', generation: 5 });
    expect(await fleet.ask('smtp', wish)).toEqual({ token: 'host-1-ab:1', generation: 5 });
  });

  it('waits a second for an answer, and gives back a probe that comes later', async () => {
    let answerNow: (permit: Permit) => void = () => undefined;
    const { fleet, settled } = fleetThat({ ask: () => new Promise((resolve) => (answerNow = resolve)) });
    const answer = fleet.ask('smtp', wish);

    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answer).toBeUndefined();
    expect(fleet.isReachable).toBe(false);
    answerNow(probe);
    await vi.advanceTimersByTimeAsync(0);

    expect(settled).toEqual([['smtp', 'host-1-ab:0', 5, 'ignored', 0]]);
  });

  it('asks nothing without a connection, and is there again with the first answer', async () => {
    let isConnected = false;
    const { fleet, asked } = fleetThat({ isConnected: () => isConnected });

    expect(await fleet.ask('smtp', wish)).toBeUndefined();
    await expect(fleet.sync(undefined)).rejects.toThrow('there is no connection to Redis');
    expect(asked).not.toHaveBeenCalled();
    isConnected = true;
    expect(fleet.isReachable).toBe(false);
    await fleet.sync(undefined);

    expect(fleet.isReachable).toBe(true);
  });

  it('reports a probe that could not be settled, and keeps nobody waiting for one', async () => {
    const { fleet, errors } = fleetThat({ settle: () => Promise.reject(new Error('READONLY')) });

    fleet.settle('smtp', { token: 'host-1-ab:0', generation: 5 }, 'succeeded', 2_000);
    await fleet.whenSettled();

    expect(errors).toEqual([new Error('READONLY')]);
  });
});
