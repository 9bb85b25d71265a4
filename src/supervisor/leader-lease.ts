import type { Logger } from 'pino';
import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import { PeriodicService } from '../service/periodic-service.js';
import type { Service } from '../service/service.js';
import type { Clock } from '../time/clock.js';
import { within } from '../time/deadline.js';

const claimScript = defineScript({
  file: new URL('./lua/leader-claim.lua', import.meta.url),
  keys: ['leader', 'epoch'],
  args: ['id', 'lease'],
  reply: (raw) => {
    const [held, epoch, leader] = raw as [number, number, string];
    return { held: held === 1, epoch, leader };
  },
});

const resignScript = defineScript({
  file: new URL('./lua/leader-resign.lua', import.meta.url),
  keys: ['leader'],
  args: ['id'],
  reply: () => undefined,
});

export interface LeaderLeaseOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  /** Who this supervisor is. */
  readonly id: string;
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told when the lead is won or lost, and with which epoch. */
  readonly onChange: (leads: boolean, epoch: number) => void;
}

/** A leader steps down by its own clock this part of the lease before Redis would let another one in. */
const safetyMarginRatio = 0.1;

/**
 * The lead among supervisors: one lease on Redis' clock, an epoch that grows with every election.
 *
 * A leader that could not renew in time steps down by itself, counted from when it asked, so that two never believe in it at once.
 */
export class LeaderLease implements Service {
  readonly #options: LeaderLeaseOptions;
  readonly #service: PeriodicService;
  #epoch = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;
  #announced = false;

  constructor(options: LeaderLeaseOptions) {
    this.#options = options;
    this.#service = new PeriodicService({
      name: 'leader-lease',
      intervalMs: options.renewMs,
      run: () => this.#claim(),
      log: options.log,
    });
  }

  /** Whether this supervisor leads at this moment. */
  get held(): boolean {
    const held = this.#options.clock.elapsed() < this.#heldUntil;
    if (!held) this.#announce(false);
    return held;
  }

  /** Number of the current term, for log and metric. No write checks it: a recovery is guarded by the job's own lease. */
  get epoch(): number {
    return this.#epoch;
  }

  start(): void {
    this.#service.start();
  }

  /** Stops and resigns, so that a standby can take over at once. */
  async stop(): Promise<void> {
    const ledBefore = this.held;
    await within(1_000, this.#service.stop());
    // A claim that was under way may have won in between.
    const led = ledBefore || this.held;
    this.#heldUntil = Number.NEGATIVE_INFINITY;
    this.#announce(false);
    if (!led) return;
    const { client, keyspace, id } = this.#options;
    await within(500, resignScript.run(client, { leader: keyspace.leader }, { id }));
  }

  async #claim(): Promise<void> {
    const { client, keyspace, id, leaseMs, clock } = this.#options;
    const askedAt = clock.elapsed();
    // A claim that waits for Redis to come back may not keep the next look at the clock waiting.
    const claim = claimScript.run(client, { leader: keyspace.leader, epoch: keyspace.epoch }, { id, lease: leaseMs });
    const reply = await within(leaseMs, claim);
    if (reply === 'late') {
      this.#announce(this.held);
      throw new Error(`no answer about the lead within ${leaseMs} ms`);
    }
    // A new epoch is a new term, also when nobody led in between.
    if (reply.held && reply.epoch !== this.#epoch) this.#announce(false);
    this.#heldUntil = reply.held ? askedAt + leaseMs * (1 - safetyMarginRatio) : Number.NEGATIVE_INFINITY;
    if (reply.held) this.#epoch = reply.epoch;
    this.#announce(this.held);
  }

  #announce(leads: boolean): void {
    if (leads === this.#announced) return;
    this.#announced = leads;
    const { log, id, onChange } = this.#options;
    log.info({ supervisor: id, epoch: this.#epoch }, leads ? 'leader.elected' : 'leader.stepped_down');
    onChange(leads, this.#epoch);
  }
}
