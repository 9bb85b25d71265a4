import { QueueFlows } from '../flow/queue-flows.js';
import type { FleetStore } from '../recovery/fleet-store.js';
import type { FleetView } from '../recovery/fleet-view.js';
import { Autoscaler, type AutoscalerOptions } from '../scaling/autoscaler.js';
import { ScaleStore } from '../scaling/scale-store.js';
import { WorkerSlots } from '../scaling/worker-slots.js';
import { HistoryRelief } from '../shedding/history-relief.js';
import { memoryStage } from '../shedding/pressure.js';
import { ShedControl } from '../shedding/shed-control.js';
import { ShedStore } from '../shedding/shed-store.js';
import { systemClock } from '../time/clock.js';
import { JobHistory } from '../transport/job-history.js';
import { ParkedJobs } from '../transport/parked-jobs.js';
import { QueueInspector } from '../transport/queue-inspector.js';
import type { Leader, LeaderService } from './leader.js';
import { PressureGauge } from './pressure-gauge.js';
import { QueueSampler } from './queue-sampler.js';
import { RedisGauges } from './redis-gauges.js';

/** The controller's gains are for a step a second. */
const shedStepMs = 1_000;

export interface LoadServicesOptions {
  readonly fleet: FleetStore;
  readonly view: FleetView;
  /** What waits for a dependency wants no more workers. */
  readonly openBreakers: AutoscalerOptions['openBreakers'];
}

/** How much there is to do and who can do it: counts it, says how many workers are wanted, and what gives way. */
export function createLoadServices(leader: Leader, options: LoadServicesOptions): LeaderService[] {
  const { id, open, queues, supervisor, leadership, notes, log, metrics } = leader;
  const { fleet, view, openBreakers } = options;
  const { client, keyspace } = open;
  const flows = new QueueFlows();
  const redisGauges = new RedisGauges(metrics);
  const pressure = new PressureGauge({
    client,
    fleet,
    clock: systemClock,
    tell: (info, roundTripMs) => redisGauges.tell(info, roundTripMs),
  });
  const sampler = new QueueSampler({
    inspector: new QueueInspector(client, keyspace),
    queues: () => queues.list(),
    flows,
    metrics,
    clock: systemClock,
  });
  const autoscaler = new Autoscaler({
    store: new ScaleStore(client, keyspace),
    slots: new WorkerSlots({
      view,
      beatsOf: (ids) => fleet.beatsOf(ids),
      deadAfterMs: supervisor.deadAfterMs,
    }),
    queues: () => queues.list(),
    flowOf: (queue) => flows.of(queue),
    openBreakers,
    redisPressure: () => memoryStage(pressure.last?.memoryRatio),
    downAfterMs: supervisor.scaleDownAfterMs,
    leadership,
    clock: systemClock,
    log,
    metrics,
  });
  const shedControl = new ShedControl({
    store: new ShedStore(client, keyspace),
    parked: new ParkedJobs(client, keyspace),
    queues: () => queues.list(),
    flowOf: (queue) => flows.of(queue),
    oldestAgeMs: (queue) => sampler.oldestAgeMs(queue),
    pressure: () => pressure.measure(),
    leadership,
    audit: notes,
    supervisor: id,
    clock: systemClock,
    log,
    metrics,
  });
  const relief = new HistoryRelief({
    history: new JobHistory(client, keyspace),
    memoryRatio: () => pressure.last?.memoryRatio,
    queues: () => queues.names(),
    leadership,
    audit: notes,
    supervisor: id,
    log,
    metrics,
  });
  return [
    { name: 'queue-sampler', intervalMs: supervisor.sampleMs, run: () => sampler.sample(), tellers: [sampler] },
    // It is what has the pressure measured, and Redis told of.
    {
      name: 'shed-control',
      intervalMs: shedStepMs,
      run: () => shedControl.step(),
      tellers: [shedControl, redisGauges],
    },
    { name: 'history-relief', intervalMs: shedStepMs, run: () => relief.relieve(), tellers: [relief] },
    { name: 'autoscaler', intervalMs: supervisor.sampleMs, run: () => autoscaler.decide(), tellers: [autoscaler] },
  ];
}
