import type { WorkerBeat } from '../../recovery/worker-beat.js';
import { presence, type WorkerView } from '../status/read-workers.js';

/** A worker and how old its last beat is. */
export interface BeatingWorker {
  readonly beat: WorkerBeat;
  readonly ageMs: number;
}

/** What the fleet can do for one kind of job in one queue. */
export interface Service {
  /** Workers that take jobs of the queue and know the kind, and their slots that are free. */
  readonly serving: number;
  readonly freeSlots: number;
  /** Workers that know the kind and take no jobs now, by why. */
  readonly idle: Readonly<Partial<Record<Exclude<WorkerView['state'], 'running'>, number>>>;
  /** Workers that take jobs of the queue and do not know the kind: they dead-letter it. */
  readonly strangers: number;
  /** Workers that could run it alone, and how many of them have room for it now. */
  readonly lanes: number;
  readonly freeLanes: number;
}

/** Judges by their beats what workers can do for a kind of job. Those that are there for one suspect do nothing for others. Pure. */
export function judgeFleet(
  workers: readonly BeatingWorker[],
  queue: string,
  kind: string,
  deadAfterMs: number,
): Service {
  const near = workers.flatMap(({ beat, ageMs }) => {
    const slots = beat.suspect === undefined ? beat.queues.find(({ name }) => name === queue) : undefined;
    const state = presence(ageMs, deadAfterMs) ?? beat.state;
    return slots
      ? [
          {
            knows: beat.kinds.includes(kind),
            state,
            free: Math.max(0, (slots.usable ?? slots.slots) - slots.busy),
            lane: beat.lane,
          },
        ]
      : [];
  });
  const able = near.filter(({ knows }) => knows);
  const serving = able.filter(({ state }) => state === 'running');
  const idle: Record<string, number> = {};
  for (const { state } of able) if (state !== 'running') idle[state] = (idle[state] ?? 0) + 1;
  return {
    serving: serving.length,
    freeSlots: serving.reduce((sum, { free }) => sum + free, 0),
    idle,
    strangers: near.filter(({ knows, state }) => !knows && state === 'running').length,
    lanes: serving.filter(({ lane }) => lane !== undefined).length,
    freeLanes: serving.filter(({ lane }) => lane === 'free').length,
  };
}
