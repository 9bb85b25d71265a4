import type { WorkerState } from '../../recovery/worker-beat.js';
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
  /** How many it may run now. */
  readonly usable: number;
  readonly kinds: readonly string[];
  readonly rssBytes: number;
  readonly uptimeMs: number;
  /** What has been running longest; null when nothing runs. */
  readonly longest: { readonly id: string; readonly kind: string; readonly forMs: number } | null;
}

/** Reads who is on the list of workers, in the order of their start. */
export async function readWorkers(redis: RedisSession, now: number, deadAfterMs: number): Promise<WorkerView[]> {
  const sightings = await redis.fleet.read();
  return sightings
    .flatMap(({ beat, ageMs }) => {
      if (beat === undefined) return [];
      const [longest] = beat.running;
      const total = (pick: 'busy' | 'slots') => beat.queues.reduce((sum, queue) => sum + queue[pick], 0);
      return [
        {
          id: beat.id,
          host: beat.host,
          pid: beat.pid,
          version: beat.version,
          state: presence(ageMs, deadAfterMs) ?? beat.state,
          beatAgeMs: ageMs,
          busy: total('busy'),
          slots: total('slots'),
          usable: beat.queues.reduce((sum, { slots, usable = slots }) => sum + usable, 0),
          kinds: beat.kinds,
          rssBytes: beat.rssBytes,
          uptimeMs: Math.max(0, now - beat.startedAt),
          longest: longest ? { id: longest.id, kind: longest.kind, forMs: Math.max(0, now - longest.startedAt) } : null,
        },
      ];
    })
    .sort((a, b) => b.uptimeMs - a.uptimeMs || a.id.localeCompare(b.id));
}

/** What the age of its last beat says of a worker, by the same limits as the supervisor's; undefined when it is fresh. Pure. */
export function presence(ageMs: number, deadAfterMs: number): 'late' | 'silent' | undefined {
  if (ageMs > deadAfterMs) return 'silent';
  return ageMs > deadAfterMs / 2 ? 'late' : undefined;
}
