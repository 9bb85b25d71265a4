import { median, rounded, spread } from '../figures.js';
import type { Subject } from '../peers/subject.js';
import type { Comparison, Figures } from '../proof.js';

/** What one run of one subject gave. */
export interface Sample<Name extends string = string> {
  readonly figures: Readonly<Record<Name, number>>;
  readonly lost: number;
}

/** Runs all subjects in turn, again and again, so that whatever else happens on the machine happens to all; then takes the medians. */
export async function compare<Name extends string>(
  subjects: readonly Subject[],
  rounds: number,
  run: (subject: Subject, round: number) => Promise<Sample<Name>>,
): Promise<Comparison> {
  const samples = new Map<Subject, Sample<Name>[]>(subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const subject of subjects) samples.get(subject)?.push(await run(subject, round));
  }
  return comparisonOf(samples);
}

function comparisonOf<Name extends string>(samples: ReadonlyMap<Subject, readonly Sample<Name>[]>): Comparison {
  const names = Object.keys(samples.get('bulwark')?.[0]?.figures ?? {}) as Name[];
  const each = (value: (name: Name) => number): Readonly<Record<string, number>> =>
    Object.fromEntries(names.map((name) => [name, rounded(value(name))]));
  const valuesOf = (subject: Subject, name: Name) => (samples.get(subject) ?? []).map(({ figures }) => figures[name]);
  const middle = (subject: Subject, name: Name) => median(valuesOf(subject, name));
  const figuresOf = (subject: Subject): Figures => each((name) => middle(subject, name));
  return {
    bulwark: figuresOf('bulwark'),
    bullmq: figuresOf('bullmq'),
    ...(samples.has('bee-queue') && { beeQueue: figuresOf('bee-queue') }),
    ratio: each((name) => middle('bulwark', name) / middle('bullmq', name)),
    noise: each((name) => Math.max(spread(valuesOf('bulwark', name)), spread(valuesOf('bullmq', name)))),
    lost: [...samples.values()].flat().reduce((sum, { lost }) => sum + lost, 0),
  };
}
