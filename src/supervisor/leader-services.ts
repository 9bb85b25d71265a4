import { FleetStore } from '../recovery/fleet-store.js';
import { FleetView } from '../recovery/fleet-view.js';
import { PeriodicService } from '../service/periodic-service.js';
import type { Service } from '../service/service.js';
import { systemClock } from '../time/clock.js';
import { createBreakerServices } from './breaker-services.js';
import type { Leader, LeaderService } from './leader.js';
import { createLoadServices } from './load-services.js';
import { createRecordServices } from './record-services.js';
import { createRecoveryServices } from './recovery-services.js';

/** All that a supervisor does while it leads. The services of a standby turn too, and do nothing. */
export class LeaderServices implements Service {
  readonly #duties: readonly LeaderService[];
  readonly #services: readonly PeriodicService[];

  constructor(leader: Leader) {
    const { client, keyspace } = leader.open;
    const fleet = new FleetStore(client, keyspace);
    // One reading of the fleet for all who judge.
    const view = new FleetView(fleet, systemClock);
    const breakers = createBreakerServices(leader);
    this.#duties = [
      ...createLoadServices(leader, { fleet, view, openBreakers: breakers.openBreakers }),
      ...breakers.services,
      ...createRecoveryServices(leader, { fleet, view }),
      ...createRecordServices(leader),
    ];
    this.#services = this.#duties.map((duty) => whileLeading(leader, duty));
  }

  start(): void {
    for (const service of this.#services) service.start();
  }

  /** Lets all of them run at once: what the leader before left undone is looked for. */
  wake(): void {
    for (const service of this.#services) service.wake();
  }

  /** Takes back what they have told of the pool: somebody else tells it now. */
  clear(): void {
    for (const { tellers = [] } of this.#duties) for (const teller of tellers) teller.clear();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()));
  }
}

function whileLeading(leader: Leader, { name, intervalMs, run }: LeaderService): PeriodicService {
  const { leadership, log, metrics } = leader;
  return new PeriodicService({
    name,
    intervalMs,
    run: async (signal) => {
      if (leadership.term !== undefined) await run(signal);
    },
    log,
    onRun: (result, durationMs) => {
      metrics.serviceRuns.inc({ service: name, result });
      metrics.serviceRunDuration.observe({ service: name }, durationMs / 1000);
    },
  });
}
