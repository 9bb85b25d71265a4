import { renderBreakers } from '../breaker/render-breakers.js';
import type { Paint } from '../output.js';
import { counted, spokenBytes, spokenDuration } from '../wording.js';
import type { StatusReport } from './read-status.js';
import type { WorkerView } from './read-workers.js';
import { renderQueues } from './render-queues.js';
import { renderWorkers } from './render-workers.js';

/** The pool as one page of text. */
export function renderStatus({ redis, leader, workers, queues, breakers: view }: StatusReport, paint: Paint): string {
  const memory = redis.usedMemoryBytes === null ? '' : `, ${spokenBytes(redis.usedMemoryBytes)} used`;
  const lead = leader
    ? `${leader.id} leads for ${spokenDuration(leader.leadsForMs)} (epoch ${leader.epoch})`
    : paint('yellow', 'nobody leads: the jobs of workers that die now wait until a supervisor runs');
  return [
    `${paint('bold', 'Redis')}       ${redis.server} ${redis.version} at ${redis.address}, namespace ${redis.namespace}${memory}, answers in ${redis.roundTripMs} ms`,
    `${paint('bold', 'Supervisor')}  ${lead}`,
    '',
    `${paint('bold', 'Workers')}     ${fleetSummary(workers)}`,
    ...(workers.length > 0 ? [renderWorkers(workers, paint)] : []),
    '',
    `${paint('bold', 'Queues')}      ${counted(queues.length, 'queue')}`,
    renderQueues(queues, paint),
    ...(view.breakers.length > 0
      ? ['', `${paint('bold', 'Breakers')}    ${notClosed(view.breakers.length)}`, renderBreakers(view, paint)]
      : []),
  ].join('\n');
}

function notClosed(count: number): string {
  return `${count === 1 ? '1 is' : `${count} are`} not closed: calls of those dependencies are held back`;
}

function fleetSummary(workers: readonly WorkerView[]): string {
  if (workers.length === 0) return 'none: jobs wait until one runs (bulwark up, or bulwark worker run)';
  const count = (state: WorkerView['state']) => workers.filter((worker) => worker.state === state).length;
  const [late, silent] = [count('late'), count('silent')];
  const busy = workers.reduce((sum, worker) => sum + worker.busy, 0);
  const slots = workers.reduce((sum, worker) => sum + Math.max(worker.slots, worker.usable), 0);
  return [
    `${workers.length - late - silent} alive`,
    ...(late > 0 ? [`${late} late`] : []),
    ...(silent > 0 ? [`${silent} silent`] : []),
    `${busy} of ${counted(slots, 'slot')} busy`,
  ].join(', ');
}
