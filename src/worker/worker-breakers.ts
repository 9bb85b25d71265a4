import { BreakerClient } from '../breaker/breaker-client.js';
import { BreakerStore } from '../breaker/breaker-store.js';
import { CallGates } from '../breaker/call-gates.js';
import { decideSlots } from '../breaker/decide-slots.js';
import { FleetBreakers } from '../breaker/fleet-breakers.js';
import { HealthProbes } from '../breaker/health-probes.js';
import type { KindRegistry } from '../job/registry.js';
import type { OpenRedis } from '../redis/open-redis.js';
import type { Service } from '../service/service.js';
import type { Clock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import type { QueueConsumer } from '../transport/queue-consumer.js';
import type { WorkerParts } from './worker-parts.js';

export interface WorkerBreakersOptions {
  readonly parts: Pick<WorkerParts, 'log' | 'metrics' | 'registry'>;
  /** The worker's id. */
  readonly worker: string;
  readonly open: OpenRedis;
  readonly clock: Clock;
  readonly random: () => number;
  readonly consumers: () => readonly QueueConsumer[];
}

/** Everything of a worker that has to do with breakers: its gates, what it exchanges with the fleet, and which queues it fetches from. */
export class WorkerBreakers implements Service {
  readonly gates: CallGates;
  readonly #options: WorkerBreakersOptions;
  readonly #fleet: FleetBreakers;
  readonly #client: BreakerClient;
  readonly #probes: HealthProbes;
  readonly #slots = new Map<string, number>();

  constructor(options: WorkerBreakersOptions) {
    this.#options = options;
    const { parts, worker, open, clock, random } = options;
    const { log, metrics } = parts;
    this.#fleet = new FleetBreakers({
      store: new BreakerStore(open.client, open.keyspace),
      isConnected: () => open.client.status === 'ready',
      worker,
      onSettled: () => this.#client.turned(),
      onError: open.reportError,
    });
    this.gates = new CallGates({
      fleet: this.#fleet,
      metrics,
      clock,
      random,
      onFirst: () => {
        this.#client.start();
        return this.#client.heard;
      },
      onCounted: (gate) => this.#client.counted(gate),
      onTurn: (gate) => {
        log.info({ breaker: gate.name, door: gate.door().kind }, 'breaker.own_turned');
        this.#client.turned();
      },
    });
    this.#probes = new HealthProbes(this.gates);
    this.#client = new BreakerClient({
      worker,
      fleet: this.#fleet,
      gates: this.gates,
      clock,
      log,
      onLook: () => {
        this.#probes.look();
        this.#limitFetching();
      },
      onRun: (result, durationMs) => {
        metrics.serviceRuns.inc({ service: 'breaker-client', result });
        metrics.serviceRunDuration.observe({ service: 'breaker-client' }, durationMs / 1_000);
      },
    });
  }

  /** Makes the gates of all that its kinds need; who makes none is told of nothing. */
  start(): void {
    for (const { dependencies } of this.#options.parts.registry.jobs) {
      for (const dependency of dependencies) this.gates.of(dependency);
    }
  }

  /** Resolves when the gates know what the fleet has decided, or after so long. */
  async whenHeard(ms: number): Promise<void> {
    if (this.gates.size > 0) await within(ms, this.#client.heard);
  }

  async stop(): Promise<void> {
    await this.#probes.stop();
    await this.#client.stop();
    await this.#fleet.whenSettled();
  }

  /** Uses no slots for a queue of which no job could run. */
  #limitFetching(): void {
    const { consumers, parts } = this.#options;
    for (const consumer of consumers()) {
      const slots = decideSlots(kindsOf(consumer.queue, parts.registry, this.gates), consumer.slots);
      if (slots === (this.#slots.get(consumer.queue) ?? consumer.slots)) continue;
      this.#slots.set(consumer.queue, slots);
      consumer.limitTo(slots, 'breakers');
      parts.log.info({ queue: consumer.queue, slots, of: consumer.slots }, 'fetch.limited');
    }
  }
}

function kindsOf(queue: string, registry: KindRegistry, gates: CallGates): Parameters<typeof decideSlots>[0] {
  return registry.jobs
    .filter((job) => job.queue.name === queue)
    .map(({ dependencies, fallback }) => ({
      hasFallback: fallback !== undefined,
      doors: dependencies.map((dependency) => gates.of(dependency).jobDoor()),
    }));
}
