import type { Finding } from '../../redis/fitness.js';
import { describeBreaker } from '../breaker/describe-breaker.js';
import type { BreakersView } from '../breaker/read-breakers.js';
import { parkedOf } from '../breaker/render-breakers.js';
import type { LeaderView } from '../status/read-leader.js';
import type { QueueView } from '../status/read-queues.js';
import type { WorkerView } from '../status/read-workers.js';
import { counted, spokenDuration } from '../wording.js';

/** An isolation without an end that is older may have been forgotten. */
const longIsolationMs = 3_600_000;

/** Judges who works and who watches. Pure. */
export function poolFindings(
  leader: LeaderView | undefined,
  workers: readonly WorkerView[],
  queues: readonly QueueView[],
): Finding[] {
  return [leaderFinding(leader), workersFinding(workers, queues), ...queues.flatMap(pausedFinding)];
}

function leaderFinding(leader: LeaderView | undefined): Finding {
  const check = 'supervisor';
  return leader
    ? { check, level: 'ok', detail: `${leader.id} leads for ${spokenDuration(leader.leadsForMs)}` }
    : {
        check,
        level: 'warn',
        detail: 'nobody leads: the jobs of a worker that dies are not brought back, and nobody counts the queues',
        fix: 'run `bulwark up`, or `bulwark supervisor run`',
      };
}

function workersFinding(workers: readonly WorkerView[], queues: readonly QueueView[]): Finding {
  const check = 'workers';
  const named = (state: WorkerView['state']) => workers.filter((worker) => worker.state === state).map(({ id }) => id);
  const [late, silent] = [named('late'), named('silent')];
  const alive = workers.length - late.length - silent.length;
  if (alive === 0) {
    const waiting = queues.reduce((sum, { jobs }) => sum + jobs.waiting + jobs.prioritized + jobs.active, 0);
    return {
      check,
      level: waiting > 0 ? 'error' : 'warn',
      detail: waiting > 0 ? `none is alive, and ${counted(waiting, 'job waits', 'jobs wait')}` : 'none is alive',
      fix: 'run `bulwark up`, or `bulwark worker run`',
    };
  }
  if (late.length + silent.length === 0) return { check, level: 'ok', detail: `${alive} alive` };
  const missing = [
    ...(late.length > 0 ? [`${late.length} late (${late.join(', ')})`] : []),
    ...(silent.length > 0 ? [`${silent.length} silent (${silent.join(', ')})`] : []),
  ];
  return {
    check,
    level: 'warn',
    detail: `${alive} alive, ${missing.join(', ')}`,
    fix: 'a worker that gives no sign of life died, is held up, or cannot reach Redis; it is forgotten after half a minute',
  };
}

/** Judges what operators hold open: breakers that open by themselves close by themselves. Pure. */
export function breakerFindings({ breakers, now }: BreakersView): Finding[] {
  return breakers.flatMap((breaker): Finding[] => {
    const { name, phase, until, since } = breaker;
    if (phase !== 'isolated' || until !== undefined || now - since < longIsolationMs) return [];
    return [
      {
        check: `breaker ${name}`,
        level: 'warn',
        detail: `${describeBreaker(breaker, now)}, ${counted(parkedOf(breaker), 'job is', 'jobs are')} set aside`,
        fix: `\`bulwark breaker release ${name}\` when that is not wanted any more`,
      },
    ];
  });
}

function pausedFinding({ queue, paused, jobs }: QueueView): Finding[] {
  if (!paused) return [];
  const detail = `paused, ${counted(jobs.waiting + jobs.prioritized, 'job waits', 'jobs wait')}`;
  return [
    {
      check: `queue ${queue}`,
      level: 'warn',
      detail,
      fix: `\`bulwark queue resume ${queue}\` when that is not wanted`,
    },
  ];
}
