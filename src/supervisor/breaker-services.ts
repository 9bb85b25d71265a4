import { BreakerStore } from '../breaker/breaker-store.js';
import { BreakerWatch } from '../breaker/breaker-watch.js';
import { ParkedReturn } from '../breaker/parked-return.js';
import { systemClock } from '../time/clock.js';
import { ParkedJobs } from '../transport/parked-jobs.js';
import type { Leader, LeaderService } from './leader.js';

/** Workers tell of their calls every half second; a look more often would see nothing new, one less often opens later. */
const breakerLookMs = 250;
/** Jobs come back in batches of a tenth of a second: larger ones go to one worker, which may not make so many calls at once. */
const returnMs = 100;

export interface BreakerServices {
  readonly services: readonly LeaderService[];
  /** Those that are not closed, and how many jobs of the given queues were set aside because of each. */
  readonly openBreakers: ParkedReturn['openBreakers'];
}

/** The breakers of the pool: opens and closes them, and brings back the jobs that were set aside meanwhile. */
export function createBreakerServices(leader: Leader): BreakerServices {
  const { id, open, queues, leadership, audit, log, metrics } = leader;
  const { client, keyspace } = open;
  const watch = new BreakerWatch({
    store: new BreakerStore(client, keyspace),
    audit,
    leadership,
    supervisor: id,
    clock: systemClock,
    random: Math.random,
    log,
    metrics,
  });
  const parkedReturn = new ParkedReturn({
    parked: new ParkedJobs(client, keyspace),
    watch,
    queues: () => queues.list(),
    leadership,
    clock: systemClock,
    log,
    metrics,
  });
  return {
    services: [
      { name: 'breaker-watch', intervalMs: breakerLookMs, run: () => watch.look(), tellers: [watch] },
      { name: 'parked-return', intervalMs: returnMs, run: () => parkedReturn.bringBack(), tellers: [parkedReturn] },
    ],
    openBreakers: (names) => parkedReturn.openBreakers(names),
  };
}
