import type { HaltPolicy } from '../../dead-letter/decide-halt.js';
import type { Paint } from '../output.js';
import { counted } from '../wording.js';
import type { RedriveReport } from './redrive-run.js';
import { renderCounts } from './render-counts.js';
import { renderGroups } from './render-groups.js';

/** What a redrive did, and what was seen of the jobs since. */
export function renderRedrive(
  queue: string,
  report: RedriveReport,
  { maxFailingRatio }: HaltPolicy,
  now: number,
  paint: Paint,
): string {
  const { redriven, notFound, idTaken, halt, end, left, ends } = report;
  const done = renderCounts([
    [redriven, `put back into ${queue}`],
    [notFound, `unknown among those of ${queue}`],
    [idTaken, 'left where they are: a job with the same id is in the queue'],
  ]);
  const { completed, failedAgain, gone, pending, causes } = ends;
  const seen = [
    [completed, 'completed'],
    [failedAgain, 'failed again'],
    [gone, 'ended and no longer kept'],
    [pending, 'not ended yet'],
  ] as const;
  const fates = seen.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const rest = left > 0 ? `${counted(left, 'letter is', 'letters are')} left as they were` : 'none is left';
  return [
    done,
    ...(redriven.length > 0 ? [`of them ${fates.join(', ')}`] : []),
    ...(halt
      ? [
          paint(
            'red',
            `halted: ${halt.failed} of the last ${halt.ended} that ended failed again, more than ${Math.round(100 * maxFailingRatio)} %; ${rest}`,
          ),
        ]
      : []),
    ...(end === 'interrupted' ? [`stopped; ${rest}`] : []),
    ...(causes.length > 0 ? [renderGroups(causes, now, paint)] : []),
  ].join('\n');
}
