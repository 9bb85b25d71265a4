import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** From which value on which colour holds; the first one holds below all others. */
export type Steps = readonly [first: string, ...more: readonly (readonly [from: number, color: string])[]];

/** For numbers that are neither good nor bad. */
export const plain: Steps = ['semi-dark-blue'];
/** For the part of a promise or of a place that is used up. */
export const fillsUp: Steps = ['green', [0.5, 'yellow'], [1, 'red']];
/** For what is worth a look. */
export const betterNone: Steps = ['green', [1, 'orange']];
/** For what must not be there. */
export const mustBeNone: Steps = ['green', [1, 'red']];

/** Words that stand for values, with the colour of each. */
export type Words = Readonly<Record<number, readonly [text: string, color: string]>>;

/** What a line is called, and its colour. */
export type Colors = Readonly<Record<string, string>>;

/** Green went well, yellow comes again, red is lost unless somebody acts; blue waits for something. The same on every dashboard. */
export const outcomeColors: Colors = {
  completed: 'green',
  retried: 'yellow',
  parked: 'blue',
  dead_lettered: 'red',
  interrupted: 'purple',
  lease_lost: 'orange',
};
export const workerColors: Colors = { alive: 'green', blocked: 'yellow', suspect: 'orange', dead: 'red' };
export const placeColors: Colors = {
  waiting: 'yellow',
  prioritized: 'light-yellow',
  active: 'green',
  delayed: 'blue',
  'waiting-children': 'purple',
};
export const percentileColors: Colors = { p50: 'green', p95: 'yellow', p99: 'orange' };
export const classColors: Colors = {
  critical_plus: 'red',
  critical: 'orange',
  sheddable_plus: 'yellow',
  sheddable: 'blue',
};

export function thresholds([first, ...more]: Steps): ThresholdsConfigBuilder {
  const steps: Threshold[] = [{ value: null, color: first }, ...more.map(([value, color]) => ({ value, color }))];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

export const colorsBy = {
  thresholds: (): FieldColorBuilder => new FieldColorBuilder().mode(FieldColorModeId.Thresholds),
  palette: (): FieldColorBuilder => new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic),
};

export function mappingsOf(words: Words): ValueMapping[] {
  const options = Object.fromEntries(
    Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
  );
  return [{ type: MappingType.ValueToText, options }];
}
