import { CensusSweeper } from '../recovery/census-sweeper.js';
import { CrashStore } from '../recovery/crash-store.js';
import { DeathWatch } from '../recovery/death-watch.js';
import type { FleetStore } from '../recovery/fleet-store.js';
import type { FleetView } from '../recovery/fleet-view.js';
import { OrphanSweeper } from '../recovery/orphan-sweeper.js';
import { Quarantine } from '../recovery/quarantine.js';
import { systemClock } from '../time/clock.js';
import { QueueAdmin } from '../transport/queue-admin.js';
import { QueueInspector } from '../transport/queue-inspector.js';
import type { Leader, LeaderService } from './leader.js';

/** Whether Redis lost any connection is so cheap a question that a large fleet's leader asks it more often than for the connections. */
const countsPerWatch = 3;

export interface RecoveryServicesOptions {
  readonly fleet: FleetStore;
  readonly view: FleetView;
}

/** Which workers are dead, what becomes of the jobs that they held, and where a job is that is in no place or in two. */
export function createRecoveryServices(leader: Leader, { fleet, view }: RecoveryServicesOptions): LeaderService[] {
  const { id, open, queues, supervisor, job, leadership, notes, log, metrics } = leader;
  const { client, keyspace, reportError } = open;
  const inspector = new QueueInspector(client, keyspace);
  const admin = new QueueAdmin(client, keyspace, reportError);
  const sweeper = new OrphanSweeper({
    fleet,
    view,
    inspector,
    admin,
    crashes: new CrashStore(client, keyspace),
    queues: () => queues.fencedNames(leadership),
    leadership,
    policy: {
      deadAfterMs: supervisor.deadAfterMs,
      // Silence that nobody watched proves nothing; half the time leaves workers the other half to come back after an outage.
      maxGapMs: Math.max(2 * supervisor.sweepMs, supervisor.deadAfterMs / 2),
      leaselessGraceMs: supervisor.deadAfterMs,
      quarantineAfter: supervisor.quarantineAfter,
      poisonAfter: supervisor.poisonAfter,
      crashWindowMs: supervisor.crashWindowMs,
      quarantineMs: supervisor.quarantineMs,
    },
    limits: job,
    audit: notes,
    supervisor: id,
    clock: systemClock,
    log,
    metrics,
  });
  const deathWatch = new DeathWatch({
    client,
    fleet,
    view,
    clock: systemClock,
    pace: { watchMs: supervisor.watchMs, lateMs: supervisor.deadAfterMs / 2 },
    log,
    metrics,
    onDeath: (workers) => sweeper.recoverFrom(workers),
  });
  const census = new CensusSweeper({
    client,
    keyspace,
    inspector,
    admin,
    queues: () => queues.fencedNames(leadership),
    leadership,
    audit: notes,
    supervisor: id,
    log,
    metrics,
  });
  const quarantine = new Quarantine({
    fleet,
    view,
    inspector,
    queues: () => queues.names(),
    leadership,
    isGone: (worker) => sweeper.isGone(worker),
    clock: systemClock,
    log,
  });
  const countMs = supervisor.watchMs / countsPerWatch;
  return [
    { name: 'orphan-sweeper', intervalMs: supervisor.sweepMs, run: () => sweeper.sweep() },
    { name: 'census-sweeper', intervalMs: supervisor.censusMs, run: () => census.sweep() },
    { name: 'quarantine', intervalMs: supervisor.sweepMs, run: () => quarantine.assign() },
    { name: 'death-watch', intervalMs: countMs, run: (signal) => deathWatch.look(signal) },
  ];
}
