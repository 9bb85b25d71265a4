import { describe, expect, it } from 'vitest';
import { type SimulatedGroup, type SimulatedSecond, simulate } from './simulated-group.js';

const day = 86_400;
const slotsPerWorker = 10;
const serviceSeconds = 1;

/** Few at night, many at noon, and four times a day five times as many for ten minutes. */
function trace(second: number): number {
  const diurnal = 60 - 50 * Math.cos((2 * Math.PI * second) / day);
  const isSpike = [0.2, 0.45, 0.62, 0.85].some((part) => second >= part * day && second < part * day + 600);
  return isSpike ? 5 * diurnal : diurnal;
}

const calmDay: SimulatedGroup = {
  seed: 1,
  seconds: day,
  startWith: 3,
  max: 200,
  sloMs: 60_000,
  slotsPerWorker,
  serviceSeconds: () => serviceSeconds,
  arrivalsPerSecond: trace,
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** How often the number turned from growing to shrinking, or back. */
function turns(numbers: readonly number[]): number {
  let [count, direction] = [0, 0];
  for (const [index, number] of numbers.entries()) {
    const step = Math.sign(number - (numbers[index - 1] ?? number));
    if (step !== 0 && step !== direction) {
      if (direction !== 0) count += 1;
      direction = step;
    }
  }
  return count;
}

const replicas = (history: readonly SimulatedSecond[]) => history.map((second) => second.replicas);

describe.each([
  { seed: 1, sloMs: 60_000 },
  { seed: 2, sloMs: 60_000 },
  { seed: 3, sloMs: 60_000 },
  { seed: 1, sloMs: 30_000 },
])('a day with spikes, seed $seed, for jobs that may wait for $sloMs ms', (variant) => {
  const history = simulate({ ...calmDay, ...variant });

  it('keeps 99 of 100 jobs within their time', () => {
    const arrived = sum(history.map((second) => second.arrived));
    const late = sum(history.map((second) => second.late));

    expect(late / arrived).toBeLessThan(0.01);
  });

  it('pays for at most a quarter more than one who knows what comes', () => {
    const paid = sum(replicas(history));
    const needed = sum(
      history.map((_, second) => Math.ceil((trace(second) * serviceSeconds) / (slotsPerWorker * 0.75))),
    );

    expect(paid / needed).toBeLessThan(1.25);
  });

  it('turns around at most six times in any hour', () => {
    const all = replicas(history);
    const hours = Array.from({ length: 24 }, (_, hour) => turns(all.slice(hour * 3_600, (hour + 1) * 3_600)));

    expect(Math.max(...hours)).toBeLessThanOrEqual(6);
  });
});

describe('an outage of a dependency', () => {
  // Jobs take ten times as long for ten minutes.
  const outage = { from: 1_000, to: 1_600 };
  const isOut = (second: number) => second >= outage.from && second < outage.to;
  const group: SimulatedGroup = {
    ...calmDay,
    seconds: 2_400,
    startWith: 10,
    arrivalsPerSecond: () => 60,
    serviceSeconds: (second) => (isOut(second) ? 10 : 1),
  };
  const justBefore = (history: readonly SimulatedSecond[]) => history[outage.from - 1]?.replicas ?? 0;
  const most = (history: readonly SimulatedSecond[]) => Math.max(...replicas(history.slice(outage.from, outage.to)));

  it('adds no worker while the breaker is open', () => {
    const history = simulate({ ...group, gate: (second) => ({ breakersOpen: isOut(second), redisPressure: 0 }) });

    expect(most(history)).toBeLessThanOrEqual(justBefore(history));
  });

  it('would add many without the breaker', () => {
    const history = simulate(group);

    expect(most(history)).toBeGreaterThan(3 * justBefore(history));
  });
});

it('keeps what there is when nobody answers', () => {
  const history = simulate({
    ...calmDay,
    seconds: 1_800,
    startWith: 10,
    arrivalsPerSecond: (second) => (second < 600 ? 60 : 5),
    answers: (second) => second < 600,
  });

  expect(history.at(-1)?.replicas).toBeGreaterThanOrEqual(history[599]?.replicas ?? 0);
});

it('wakes a group that had no worker at the next sample', () => {
  const history = simulate({
    ...calmDay,
    seconds: 60,
    startWith: 0,
    arrivalsPerSecond: (second) => (second < 30 ? 0 : 1),
  });
  const firstJob = history.findIndex(({ arrived }) => arrived > 0);

  expect(history[firstJob - 1]?.desired).toBe(0);
  expect(history[firstJob]?.desired).toBe(1);
});
