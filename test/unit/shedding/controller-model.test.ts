import { describe, expect, it } from 'vitest';
import { defaultParameters } from '../../../src/shedding/controller.js';
import { runModel, type Scenario } from './fleet-model.js';

const capacityPerS = 100;
const boundS = 15;
const [incidentStartS, incidentEndS] = [60, 360];
const isIncident = (s: number) => s >= incidentStartS && s < incidentEndS;
const steady = () => capacityPerS;

type Incident = Omit<Scenario, 'seed' | 'parameters'> & { readonly isDrainable: boolean };

const incidents: Readonly<Record<string, Incident>> = {
  'a step to half as much again': {
    load: (s) => (isIncident(s) ? 150 : 60),
    capacity: steady,
    isDrainable: true,
  },
  'three times what can be done': { load: (s) => (isIncident(s) ? 300 : 50), capacity: steady, isDrainable: false },
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
  },
};

const gains = [0.5, 1, 2.5];
const seeds = [1, 2, 3];
const runs = Object.entries(incidents).flatMap(([name, incident]) =>
  gains.flatMap((gain) => seeds.map((seed) => ({ name, incident, gain, seed }))),
);

describe('the controller on a virtual clock', () => {
  it.each(runs)('holds the critical waits through $name, gains × $gain, seed $seed', ({ incident, gain, seed }) => {
    const { isDrainable, ...scenario } = incident;
    const parameters = {
      proportional: defaultParameters.proportional * gain,
      integral: defaultParameters.integral * gain,
    };

    const report = runModel({ ...scenario, parameters, seed });

    expect(report.criticalP99S).toBeLessThanOrEqual(boundS);
    expect(report.reversals).toBeLessThanOrEqual(3);
    expect(report.lost).toBe(0);
    expect(report.goodput).toBeGreaterThanOrEqual(0.95);
    if (isDrainable) expect(report.parkedLeft).toBe(0);
  });
});
