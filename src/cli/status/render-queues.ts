import type { Paint } from '../output.js';
import { type Column, renderTable } from '../table.js';
import { spokenDuration } from '../wording.js';
import type { QueueView } from './read-queues.js';

/** The queues as a table; states that are rare have a column only when there is something in it. */
export function renderQueues(queues: readonly QueueView[], paint: Paint): string {
  if (queues.length === 0) return 'no queue yet: queues appear with the first worker or the first job';
  const count = (title: string, state: keyof QueueView['jobs'], mark?: 'red'): Column<QueueView> => ({
    title,
    align: 'right',
    value: ({ jobs }) => String(jobs[state]),
    format: ({ jobs }) => (jobs[state] > 0 ? mark : undefined),
  });
  const rare = (column: Column<QueueView>, state: keyof QueueView['jobs']): Column<QueueView>[] =>
    queues.some(({ jobs }) => jobs[state] > 0) ? [column] : [];
  return renderTable(
    [
      {
        title: 'QUEUE',
        value: ({ queue, paused }) => (paused ? `${queue} (paused)` : queue),
        format: ({ paused }) => (paused ? 'yellow' : undefined),
      },
      { title: 'CRITICALITY', value: ({ criticality }) => criticality },
      count('WAITING', 'waiting'),
      ...rare(count('PRIORITIZED', 'prioritized'), 'prioritized'),
      count('DELAYED', 'delayed'),
      count('ACTIVE', 'active'),
      ...rare(count('WAITING-CHILDREN', 'waiting-children'), 'waiting-children'),
      count('COMPLETED', 'completed'),
      ...rare(count('FAILED', 'failed', 'red'), 'failed'),
      count('DEAD', 'dead_lettered', 'red'),
      { title: 'OLDEST', align: 'right', value: oldestAge, format: (view) => (isOverdue(view) ? 'red' : undefined) },
      { title: 'SLO', align: 'right', value: ({ sloMs }) => spokenDuration(sloMs) },
    ],
    queues,
    paint,
  );
}

function oldestAge(view: QueueView): string {
  if (view.oldestAgeMs === null) return '-';
  return `${spokenDuration(view.oldestAgeMs)}${isOverdue(view) ? ' !' : ''}`;
}

function isOverdue({ oldestAgeMs, sloMs }: QueueView): boolean {
  return oldestAgeMs !== null && oldestAgeMs > sloMs;
}
