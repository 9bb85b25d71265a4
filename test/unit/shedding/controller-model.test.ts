import { describe, expect, it } from 'vitest';
import { defaultParameters } from '../../../src/shedding/controller.js';
import { runModel, type Scenario } from './fleet-model.js';

const capacityPerS = 100;
const boundS = 15;
const [incidentStartS, incidentEndS] = [60, 360];
const isIncident = (s: number) => s >= incidentStartS && s < incidentEndS;
const steady = () => capacityPerS;

interface Incident extends Omit<Scenario, 'seed' | 'parameters'> {
  readonly isDrainable: boolean;
  /** How many critical jobs a second are more than all that can be done; by default there is room for all of them. */
  readonly criticalExcessPerS?: number;
}

const incidents: Readonly<Record<string, Incident>> = {
  'a step to half as much again': {
    load: (s) => (isIncident(s) ? 150 : 60),
    capacity: steady,
    isDrainable: true,
  },
  'so much that critical work alone leaves next to nothing': {
    load: (s) => (isIncident(s) ? 240 : 50),
    capacity: steady,
    isDrainable: false,
  },
  'three times what can be done, so a fifth too much critical work': {
    load: (s) => (isIncident(s) ? 300 : 50),
    capacity: steady,
    isDrainable: false,
    criticalExcessPerS: 20,
  },
  'a brown-out to two fifths of the capacity': {
    load: () => 60,
    capacity: (s) => (isIncident(s) ? 40 : capacityPerS),
    isDrainable: false,
  },
  'critical work alone, a fifth too much of it': {
    load: (s) => (isIncident(s) ? 120 : 50),
    capacity: steady,
    mix: { critical_plus: 0, critical: 1, sheddable_plus: 0, sheddable: 0 },
    isDrainable: true,
    criticalExcessPerS: 20,
  },
};

const gains = [0.5, 1, 2.5];
const seeds = [1, 2, 3];
const runs = Object.entries(incidents).flatMap(([name, incident]) =>
  gains.flatMap((gain) => seeds.map((seed) => ({ name, incident, gain, seed }))),
);

/** What nobody could do in time: what is too much, less what may wait for as long as it is allowed to. */
function unavoidablyLate(excessPerS: number): number {
  return excessPerS * (incidentEndS - incidentStartS) - boundS * capacityPerS;
}

describe('the controller on a virtual clock', () => {
  it.each(runs)('holds the critical waits through $name, gains × $gain, seed $seed', ({ incident, gain, seed }) => {
    const { isDrainable, criticalExcessPerS, ...scenario } = incident;
    const parameters = {
      proportional: defaultParameters.proportional * gain,
      integral: defaultParameters.integral * gain,
    };

    const report = runModel({ ...scenario, parameters, seed });

    expect(report.criticalQueuedP99S).toBeLessThanOrEqual(boundS);
    expect(report.criticalPlusP99S).toBeLessThanOrEqual(boundS);
    if (criticalExcessPerS === undefined) expect(report.criticalP99S).toBeLessThanOrEqual(boundS);
    else expect(report.criticalLate).toBeLessThanOrEqual(1.25 * unavoidablyLate(criticalExcessPerS));
    expect(report.reversals).toBeLessThanOrEqual(3);
    expect(report.lost).toBe(0);
    expect(report.goodput).toBeGreaterThanOrEqual(0.95);
    if (isDrainable) expect(report.parkedLeft).toBe(0);
  });
});
