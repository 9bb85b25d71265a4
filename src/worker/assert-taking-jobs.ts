import type { WorkerState } from '../recovery/worker-beat.js';
import { NotReadyError } from '../telemetry/health.js';

/** Why a worker takes no jobs, and who is to do what. */
const whyIdle: Readonly<Record<Exclude<WorkerState, 'running'>, string>> = {
  quiet:
    'somebody told it to take no more jobs (`bulwark audit tail --what worker`); `bulwark worker restart` replaces it',
  draining: 'it finishes what it runs, and ends: nothing has to be done',
  blocked: 'a handler holds up its event loop; `bulwark worker ls` says which',
};

/**
 * A worker is ready while it takes jobs.
 *
 * @throws NotReadyError that says why it does not.
 */
export function assertTakingJobs(state: WorkerState): undefined {
  if (state !== 'running') throw new NotReadyError(state, whyIdle[state]);
}
