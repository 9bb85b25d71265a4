import type { Logger } from 'pino';
import type { ResolvedJobLimitOptions, ResolvedRedisOptions, ResolvedWorkerOptions } from '../config/option-types.js';
import type { KindRegistry } from '../job/registry.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { RunAlone, Suspect } from './lane.js';
import type { Retirement } from './retirement.js';

/** What a worker is made of. */
export interface WorkerParts {
  readonly redis: ResolvedRedisOptions;
  readonly worker: ResolvedWorkerOptions;
  readonly job: ResolvedJobLimitOptions;
  readonly registry: KindRegistry;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Who it is. Default: a name that no other has. */
  readonly id?: string;
  /** Runs a suspect in a process of its own. Without it the worker takes none. */
  readonly runAlone?: RunAlone;
  /** The one job that this worker is there for; it takes no other, and ends after it. */
  readonly suspect?: Suspect;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Whether the process is there for this worker alone, so that it may be ended when a handler blocks it for too long. Default: no. */
  readonly ownsProcess?: boolean;
  /** Told that the worker is to end. Default: to drain it stops, to be replaced it only says so. */
  readonly onRetire?: (retirement: Retirement) => void;
}
