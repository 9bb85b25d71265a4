import { median, rounded, spread } from '../figures.js';
import type { Subject } from '../peers/subject.js';
import type { Comparison, Figures } from '../proof.js';

/** What one run of one subject gave. */
export interface Sample {
  readonly figures: Readonly<Record<string, number>>;
  readonly lost: number;
}

/** Runs all subjects in turn, again and again, so that whatever else happens on the machine happens to all; then takes the medians. */
export async function compare(
  subjects: readonly Subject[],
  rounds: number,
  run: (subject: Subject, round: number) => Promise<Sample>,
): Promise<Comparison> {
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const subject of subjects) samples.get(subject)?.push(await run(subject, round));
  }
  return comparisonOf(samples);
}

/** Pure. */
export function comparisonOf(samples: ReadonlyMap<Subject, readonly Sample[]>): Comparison {
  const valuesOf = (subject: Subject, figure: string) =>
    (samples.get(subject) ?? []).map(({ figures }) => figures[figure] ?? Number.NaN);
  const names = Object.keys(samples.get('bulwark')?.[0]?.figures ?? {});
  const figuresOf = (subject: Subject): Figures =>
    byName(names, (figure) => rounded(median(valuesOf(subject, figure))));
  return {
    bulwark: figuresOf('bulwark'),
    ...(samples.has('bullmq') && {
      bullmq: figuresOf('bullmq'),
      ratio: byName(names, (figure) =>
        rounded(median(valuesOf('bulwark', figure)) / median(valuesOf('bullmq', figure))),
      ),
    }),
    ...(samples.has('bee-queue') && { beeQueue: figuresOf('bee-queue') }),
    noise: byName(names, (figure) =>
      rounded(Math.max(...(['bulwark', 'bullmq'] as const).map((subject) => spread(valuesOf(subject, figure)) || 0))),
    ),
    lost: [...samples.values()].flat().reduce((sum, { lost }) => sum + lost, 0),
  };
}

function byName(names: readonly string[], value: (name: string) => number): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}
