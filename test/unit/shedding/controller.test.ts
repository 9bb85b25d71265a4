import { describe, expect, it } from 'vitest';
import { type ControllerInput, type ControllerState, calm, stepController } from '../../../src/shedding/controller.js';

const quiet: ControllerInput = {
  waitRatio: 0,
  soonRatio: 0,
  arrivalsPerS: 50,
  capacityPerS: 100,
  pressureShare: 0,
  elapsedS: 1,
};

function run(seconds: number, input: Partial<ControllerInput>, from: ControllerState = calm): ControllerState {
  let state = from;
  for (let n = 0; n < seconds; n++) state = stepController(state, { ...quiet, ...input });
  return state;
}

describe('the controller', () => {
  it('sheds nothing while waits are short', () => {
    expect(run(100, {}).share).toBe(0);
  });

  it('sheds what cannot be done once waits are half of what it holds', () => {
    expect(run(10, { arrivalsPerS: 200, waitRatio: 0.16 }).share).toBe(0);
    expect(run(10, { arrivalsPerS: 200, waitRatio: 0.33 }).share).toBeCloseTo(0.5);
  });

  it('sheds before waits are long where they will be, as long as more arrives than can be done', () => {
    const alert = run(5, { arrivalsPerS: 200, soonRatio: 0.5 });
    const still = run(5, { arrivalsPerS: 200 }, alert);
    const over = run(20, { arrivalsPerS: 90 }, still);

    expect(alert.share).toBeGreaterThan(0.3);
    expect(still.share).toBeGreaterThan(0.3);
    expect(over).toMatchObject({ share: 0, isAlert: false });
  });

  it('does not mind a queue that grows where enough can be done', () => {
    expect(run(10, { soonRatio: 2 }).share).toBe(0);
  });

  it('rises by at most 15 % a second and falls by 5 %', () => {
    const risen = run(1, { arrivalsPerS: 1_000, waitRatio: 2 });
    const high = run(20, { arrivalsPerS: 1_000, waitRatio: 2 });

    expect(risen.share).toBeCloseTo(0.15);
    expect(high.share - run(1, {}, high).share).toBeCloseTo(0.05);
  });

  it('never sheds everything', () => {
    expect(run(100, { arrivalsPerS: 1e6, waitRatio: 100, pressureShare: 1 }).share).toBe(0.95);
  });

  it('has forgotten within half a minute that it could do nothing more', () => {
    const saturated = run(300, { arrivalsPerS: 1e6, waitRatio: 100 });

    expect(run(30, {}, saturated).share).toBe(0);
  });

  it('follows pressure whatever the waits are', () => {
    expect(run(10, { pressureShare: 0.5 }).share).toBeCloseTo(0.5);
  });
});
