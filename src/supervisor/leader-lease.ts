import type { Logger } from 'pino';
import type { Leadership } from '../recovery/leadership.js';
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
  args: ['id', 'lease', 'above'],
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
  /** Shuts out all leaders before this epoch. Answers the highest epoch that it found: one above it was there already. */
  readonly raiseFences: (epoch: number) => Promise<number>;
  /** Told when the lead is won or lost, with which epoch, and why. */
  readonly onChange: (leads: boolean, epoch: number, why: LeadChange) => void;
}

/** `elected`: the lease was free. `expired`: it could not be renewed in time. `deposed`: a write was refused, because somebody was elected later. */
export type LeadChange = 'elected' | 'expired' | 'deposed' | 'resigned';

/** A leader steps down by its own clock this part of the lease before Redis would let another one in. */
const safetyMarginRatio = 0.1;

/**
 * The lead among supervisors: one lease on Redis' clock, an epoch that grows with every election.
 *
 * A leader that could not renew in time steps down by itself, counted from when it asked, so that two never believe in it at once.
 * A new one leads when the fences of all queues are raised to its epoch: what the one before still has under way is refused.
 */
export class LeaderLease implements Service, Leadership {
  readonly #options: LeaderLeaseOptions;
  readonly #service: PeriodicService;
  #epoch = 0;
  /** The epoch to which the fences were raised. */
  #fenced = 0;
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

  /** Number of the current term, or of the last one. */
  get epoch(): number {
    return this.#epoch;
  }

  get term(): number | undefined {
    return this.held ? this.#epoch : undefined;
  }

  /** Steps down at once. What it holds by the lease it has to win anew, under a higher epoch. */
  deposed(epoch: number): void {
    if (epoch !== this.#epoch || !this.held) return;
    this.#options.log.warn({ supervisor: this.#options.id, epoch }, 'leader.deposed');
    this.#fenced = 0;
    this.#heldUntil = Number.NEGATIVE_INFINITY;
    this.#announce(false, 'deposed');
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
    this.#announce(false, 'resigned');
    if (!led) return;
    const { client, keyspace, id } = this.#options;
    await within(500, resignScript.run(client, { leader: keyspace.leader }, { id }));
  }

  async #claim(): Promise<void> {
    const { leaseMs, clock } = this.#options;
    const askedAt = clock.elapsed();
    let reply = await this.#ask(0);
    if (reply.held && reply.epoch !== this.#fenced) {
      // A new epoch is a new term, also when nobody led in between.
      this.#heldUntil = Number.NEGATIVE_INFINITY;
      this.#announce(false);
      const found = await this.#answered(this.#options.raiseFences(reply.epoch));
      // The counter of epochs was lost, and the fences were not: the next epoch is above all of them.
      if (found > reply.epoch) reply = await this.#ask(found);
      else this.#fenced = reply.epoch;
    }
    const leads = reply.held && reply.epoch === this.#fenced;
    if (leads) this.#epoch = reply.epoch;
    this.#heldUntil = leads ? askedAt + leaseMs * (1 - safetyMarginRatio) : Number.NEGATIVE_INFINITY;
    this.#announce(this.held);
  }

  /** Asks for the lead, under an epoch above the given one. */
  #ask(above: number): Promise<ReturnType<typeof claimScript.definition.reply>> {
    const { client, keyspace, id, leaseMs } = this.#options;
    const keys = { leader: keyspace.leader, epoch: keyspace.epoch };
    return this.#answered(claimScript.run(client, keys, { id, lease: leaseMs, above }));
  }

  /** What waits for Redis to come back may not keep the next look at the clock waiting. */
  async #answered<T>(answer: Promise<T>): Promise<T> {
    const { leaseMs } = this.#options;
    const reply = await within(leaseMs, answer);
    if (reply !== 'late') return reply as T;
    this.#announce(this.held);
    throw new Error(`no answer about the lead within ${leaseMs} ms`);
  }

  #announce(leads: boolean, why: LeadChange = leads ? 'elected' : 'expired'): void {
    if (leads === this.#announced) return;
    this.#announced = leads;
    const { log, id, onChange } = this.#options;
    log.info({ supervisor: id, epoch: this.#epoch }, leads ? 'leader.elected' : 'leader.stepped_down');
    onChange(leads, this.#epoch, why);
  }
}
