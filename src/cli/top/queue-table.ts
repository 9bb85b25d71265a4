import type { Paint } from '../output.js';
import { spokenDuration } from '../wording.js';
import { shortCount, shortRate } from './counts.js';
import { type FittedColumn, fitTable } from './fit-table.js';
import type { Line } from './line.js';
import { waitingIn } from './order-queues.js';
import type { TopQueue } from './picture.js';
import { percent } from './troubles.js';

/** Not known yet: a rate takes two counts. */
const unknown = '…';

/** The queues: how much waits and for how long, how fast it comes and goes, and what gives way. */
export function queueTable(queues: readonly TopQueue[], title: string, width: number, paint: Paint): Line[] {
  const columns: FittedColumn<TopQueue>[] = [
    {
      title,
      rank: 0,
      atLeast: 10,
      value: ({ queue, paused }) => (paused ? `${queue} (paused)` : queue),
      format: ({ paused }) => (paused ? 'yellow' : undefined),
    },
    { title: 'WAITING', rank: 0, align: 'right', value: (queue) => shortCount(waitingIn(queue)) },
    { title: 'ACTIVE', rank: 1, align: 'right', value: ({ jobs }) => shortCount(jobs.active) },
    { title: 'DELAYED', rank: 4, align: 'right', value: ({ jobs }) => shortCount(jobs.delayed) },
    {
      title: 'DEAD',
      rank: 1,
      align: 'right',
      value: ({ jobs }) => shortCount(jobs.dead_lettered),
      format: ({ jobs }) => (jobs.dead_lettered > 0 ? 'red' : undefined),
    },
    { title: 'OLDEST', rank: 0, align: 'right', value: oldestOf, format: ({ slo }) => sloFormats[slo] },
    { title: 'SLO', rank: 3, align: 'right', value: ({ sloMs }) => spokenDuration(sloMs) },
    {
      title: 'IN/S',
      rank: 2,
      align: 'right',
      value: ({ rates }) => (rates === null ? unknown : shortRate(rates.inPerSecond)),
    },
    {
      title: 'OUT/S',
      rank: 2,
      align: 'right',
      value: ({ rates }) => (rates === null ? unknown : shortRate(rates.outPerSecond)),
    },
    { title: 'GIVES WAY', rank: 2, value: givesWay, format: (queue) => (isShed(queue) ? 'yellow' : undefined) },
    { title: 'SET ASIDE', rank: 5, atLeast: 9, value: setAside },
    { title: 'CLASS', rank: 6, value: ({ criticality }) => criticality },
  ];
  const rare = new Map<string, (queue: TopQueue) => boolean>([
    ['GIVES WAY', isShed],
    ['SET ASIDE', (queue) => setAside(queue) !== ''],
  ]);
  const shown = columns.filter((column) => {
    const isThere = rare.get(column.title);
    return isThere === undefined || queues.some(isThere);
  });
  return fitTable(shown, queues, width, paint);
}

const sloFormats = { late: 'red', close: 'yellow', in_time: undefined, idle: undefined } as const;

/** A mark beside the colour, for those who see none. */
function oldestOf({ oldestAgeMs, slo }: TopQueue): string {
  if (oldestAgeMs === null) return '-';
  return `${spokenDuration(oldestAgeMs)}${slo === 'late' ? ' !' : ''}`;
}

function isShed({ shed }: TopQueue): boolean {
  return shed.share > 0 || shed.opening < 1 || shed.full;
}

function givesWay({ shed }: TopQueue): string {
  if (shed.opening === 0) return 'shut';
  if (shed.full) return 'full';
  if (shed.share > 0) return percent(shed.share);
  return shed.opening < 1 ? `back ${percent(shed.opening)}` : '-';
}

function setAside({ setAside: { shed, retryBudget } }: TopQueue): string {
  return [
    ...(shed > 0 ? [`${shortCount(shed)} shed`] : []),
    ...(retryBudget > 0 ? [`${shortCount(retryBudget)} no retry budget`] : []),
  ].join(', ');
}
