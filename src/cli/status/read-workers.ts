import type { QueueSlots, WorkerBeat, WorkerSighting, WorkerState } from '../../recovery/worker-beat.js';
import type { RedisSession } from '../redis-session.js';

/** A worker as `status` shows it. */
export interface WorkerView {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  /** `late`: its beat is overdue. `silent`: it gave no sign of life for as long as a dead one. */
  readonly state: WorkerState | 'late' | 'silent';
  readonly beatAgeMs: number;
  readonly busy: number;
  /** How many jobs it runs at once as it is configured. */
  readonly slots: number;
  /** How many it may run now: fewer where its jobs need what may not be called. */
  readonly usable: number;
  readonly kinds: readonly string[];
  readonly rssBytes: number;
  /** Longest time its event loop was held up between two beats; of a blocked one, for how long it has been. */
  readonly loopDelayMs: number;
  readonly uptimeMs: number;
  /** What has been running longest; null when nothing runs. */
  readonly longest: { readonly id: string; readonly kind: string; readonly forMs: number } | null;
}

/** Reads who is on the list of workers, in the order of their start. */
export async function readWorkers(redis: RedisSession, now: number, deadAfterMs: number): Promise<WorkerView[]> {
  return workerViews(await redis.fleet.read(), now, deadAfterMs);
}

/** The workers that were seen, in the order of their start; those whose beat has expired are left out. Pure. */
export function workerViews(sightings: readonly WorkerSighting[], now: number, deadAfterMs: number): WorkerView[] {
  return sightings
    .flatMap(({ beat, ageMs }) => (beat === undefined ? [] : [workerView(beat, ageMs, now, deadAfterMs)]))
    .sort((a, b) => b.uptimeMs - a.uptimeMs || a.id.localeCompare(b.id));
}

function workerView(beat: WorkerBeat, ageMs: number, now: number, deadAfterMs: number): WorkerView {
  const [longest] = beat.running;
  const total = (pick: (queue: QueueSlots) => number) => beat.queues.reduce((sum, queue) => sum + pick(queue), 0);
  return {
    id: beat.id,
    host: beat.host,
    pid: beat.pid,
    version: beat.version,
    state: presence(ageMs, deadAfterMs) ?? beat.state,
    beatAgeMs: ageMs,
    busy: total(({ busy }) => busy),
    slots: total(({ slots }) => slots),
    usable: total(({ usable, slots }) => usable ?? slots),
    kinds: beat.kinds,
    rssBytes: beat.rssBytes,
    loopDelayMs: beat.blockedMs ?? beat.loopDelayMs,
    uptimeMs: Math.max(0, now - beat.startedAt),
    longest: longest ? { id: longest.id, kind: longest.kind, forMs: Math.max(0, now - longest.startedAt) } : null,
  };
}

/** What the age of its last beat says of a worker, by the same limits as the supervisor's; undefined when it is fresh. Pure. */
export function presence(ageMs: number, deadAfterMs: number): 'late' | 'silent' | undefined {
  if (ageMs > deadAfterMs) return 'silent';
  return ageMs > deadAfterMs / 2 ? 'late' : undefined;
}
