import type { ScaleRecord } from '../../scaling/scale-record.js';
import type { RuleInForce } from '../../scaling/scale-rule.js';
import type { Paint } from '../output.js';
import { renderTable } from '../table.js';
import { shortened, spokenDuration } from '../wording.js';

/** A group as `scale show` shows it. */
export interface ScaleView {
  readonly group: string;
  /** Null when nobody has decided lately. */
  readonly decision: ScaleRecord | null;
  readonly rule: RuleInForce | null;
}

const noWord = '-';

/** The groups, and below each that has a decision the queues that it was reckoned from. */
export function renderScale(views: readonly ScaleView[], paint: Paint): string {
  if (views.length === 0) return 'no groups: no process has told of a queue yet';
  const needs = views.flatMap(({ group, decision }) => (decision?.queues ?? []).map((need) => ({ group, ...need })));
  const groups = renderTable<ScaleView>(
    [
      { title: 'GROUP', value: ({ group }) => group },
      { title: 'WANTED', align: 'right', value: ({ decision }) => numberOr(decision?.desired) },
      { title: 'WORKERS', align: 'right', value: ({ decision }) => numberOr(decision?.current) },
      { title: 'NEEDED', align: 'right', value: ({ decision }) => numberOr(decision?.needed) },
      { title: 'WHY', value: ({ decision }) => decision?.why ?? 'nobody has decided lately' },
      { title: 'SET BY AN OPERATOR', value: ({ rule }) => (rule ? spokenRule(rule) : noWord) },
    ],
    views,
    paint,
  );
  if (needs.length === 0) return groups;
  const queues = renderTable<(typeof needs)[number]>(
    [
      { title: 'QUEUE', value: ({ queue }) => queue },
      { title: 'GROUP', value: ({ group }) => group },
      { title: 'NEEDS', align: 'right', value: ({ replicas }) => String(replicas) },
      { title: 'WHY', value: ({ why }) => why },
      { title: 'JOBS/S', align: 'right', value: ({ jobsPerSecond }) => String(jobsPerSecond) },
      {
        title: 'EACH TAKES',
        align: 'right',
        value: ({ serviceMs }) => (serviceMs === null ? noWord : spokenDuration(serviceMs)),
      },
      { title: 'WAITING', align: 'right', value: ({ backlog }) => String(backlog) },
      {
        title: 'OLDEST',
        align: 'right',
        value: ({ oldestAgeMs }) => (oldestAgeMs === 0 ? noWord : spokenDuration(oldestAgeMs)),
      },
      { title: 'DUE IN 1M', align: 'right', value: ({ dueSoon }) => String(dueSoon) },
      { title: 'SLOTS A WORKER', align: 'right', value: ({ slotsPerWorker }) => numberOr(slotsPerWorker) },
    ],
    needs,
    paint,
  );
  return `${groups}\n\n${queues}`;
}

/** `at least 2, for 55m (ada@host-7: launch)`. */
export function spokenRule(rule: RuleInForce): string {
  return `${spokenEnds(rule)}, for ${spokenDuration(rule.forMs)} (${rule.by}: ${shortened(rule.why, 60)})`;
}

/** `exactly 4`, `at least 2 and at most 6`. */
export function spokenEnds({ min, max }: Pick<RuleInForce, 'min' | 'max'>): string {
  if (min !== undefined && min === max) return `exactly ${min}`;
  const ends = [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])];
  return ends.join(' and ') || 'any number';
}

function numberOr(value: number | null | undefined): string {
  return value === null || value === undefined ? noWord : String(Number(value.toPrecision(3)));
}
