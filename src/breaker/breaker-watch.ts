import type { Logger } from 'pino';
import type { AuditLog } from '../audit/audit-log.js';
import type { Leadership } from '../recovery/leadership.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import { BreakerLabels } from './breaker-label.js';
import { type BreakerState, breakerPhases, type TripReason } from './breaker-state.js';
import type { BreakerPicture, BreakerStore } from './breaker-store.js';
import { type BreakerTransition, transitionsBetween } from './breaker-transitions.js';
import { decideTrip } from './decide-trip.js';
import type { WindowView } from './fleet-window.js';
import { FleetWindows } from './fleet-windows.js';
import { openTimeMs } from './open-time.js';
import type { StampedReport } from './parse-breaker.js';

export interface BreakerWatchOptions {
  readonly store: Pick<BreakerStore, 'takeEvidence' | 'tidy' | 'trip' | 'list'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly leadership: Leadership;
  /** Who watches: the audit stream says so. */
  readonly supervisor: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'breakerState' | 'breakerTransitions'>;
}

/** The breakers as the leader last saw them. */
export interface WatchedBreakers {
  readonly states: readonly BreakerState[];
  /** Redis' clock at this moment. */
  readonly now: EpochMs;
}

const reportsPerPage = 250;
/** As many as there can be, see `mostReports`, and some that come meanwhile. */
const pagesPerLook = 3;
/** So many breakers of which too few workers think ill are kept in mind. */
const mostDoubted = 1_000;

/**
 * Opens the breakers of the fleet: takes what workers report of their calls, decides, and tells what became of all breakers, also what
 * workers did with them: log, metrics, audit stream.
 *
 * It is in no call's way. Without a leader breakers that are open close by their probes, and those that are closed open in each worker alone.
 */
export class BreakerWatch {
  readonly #options: BreakerWatchOptions;
  readonly #labels = new BreakerLabels();
  #epoch: number | undefined;
  #windows = new FleetWindows();
  /** Undefined until the first look of a term: what was so before is no news. */
  #known: ReadonlyMap<string, BreakerState> | undefined;
  #picture: { readonly picture: BreakerPicture; readonly at: number } | undefined;
  /** Those of which calls go badly in too few workers, by the generation for which that was said. */
  readonly #doubted = new Map<string, number>();

  constructor(options: BreakerWatchOptions) {
    this.#options = options;
  }

  /** The breakers as they were at the last look; undefined before the first one of a term. */
  get breakers(): WatchedBreakers | undefined {
    if (!this.#picture || this.#epoch !== this.#options.leadership.term) return undefined;
    const { picture, at } = this.#picture;
    const now = (picture.now + Math.round(this.#options.clock.elapsed() - at)) as EpochMs;
    return { states: picture.states, now };
  }

  /** How many calls a second the fleet made lately of a breaker, under its generation of now. */
  callsPerSecond({ name, generation }: BreakerState, now: EpochMs): number {
    return this.#windows.of(name, generation)?.view(now).callsPerSecond ?? 0;
  }

  /** One look: reads, decides, trips, tells. */
  async look(): Promise<void> {
    const { store, leadership } = this.#options;
    const epoch = leadership.term;
    if (epoch === undefined) return;
    if (epoch !== this.#epoch) this.#begin(epoch);
    const reports = await this.#takeReports();
    const tidied = await store.tidy((state) => this.#openForMs(state), epoch);
    if (tidied === 'deposed') return leadership.deposed(epoch);
    const tripped = await this.#judge(reports, tidied.picture, epoch);
    await this.#tell(tripped.size > 0 ? await store.list() : tidied.picture, tripped);
  }

  /** Takes back what was told, when somebody else leads and tells it. */
  clear(): void {
    this.#options.metrics.breakerState.clear();
  }

  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#windows = new FleetWindows();
    this.#known = undefined;
    this.#picture = undefined;
    this.#doubted.clear();
  }

  async #takeReports(): Promise<StampedReport[]> {
    const reports: StampedReport[] = [];
    for (let page = 0; page < pagesPerLook; page++) {
      const taken = await this.#options.store.takeEvidence(reportsPerPage);
      reports.push(...taken);
      if (taken.length < reportsPerPage) break;
    }
    return reports;
  }

  /** Trips what has to be; answers what was seen of those. */
  async #judge(
    reports: readonly StampedReport[],
    { states, now }: BreakerPicture,
    epoch: number,
  ): Promise<Map<string, Figures>> {
    const { store, leadership, log } = this.#options;
    const known = byName(states);
    const tripped = new Map<string, Figures>();
    for (const name of this.#windows.record(reports, known)) {
      const state = known.get(name);
      const generation = state?.generation ?? 0;
      const window = this.#windows.of(name, generation);
      if (!window || (state && state.phase !== 'closed')) continue;
      const view = window.view(now);
      const decision = decideTrip(view);
      this.#doubt(name, generation, decision.reason === 'no_quorum' ? view : undefined);
      if (decision.kind === 'stay') continue;
      const openForMs = this.#openForMs(state ?? { name, openings: 0 }, view.retryAfterMs);
      const verdict = { generation, reason: decision.reason, openForMs, ...window.steady(now) };
      const reply = await store.trip(name, verdict, epoch);
      if (reply === 'deposed') {
        leadership.deposed(epoch);
        break;
      }
      if (reply === 'too_many') log.warn({ breaker: name }, 'breaker.too_many: it opens in each worker alone');
      if (reply === 'tripped') tripped.set(name, figuresOf(view, decision.reason, openForMs));
    }
    return tripped;
  }

  /** Says once that calls go badly in too few workers for the fleet. */
  #doubt(breaker: string, generation: number, view: WindowView | undefined): void {
    if (view === undefined) {
      this.#doubted.delete(breaker);
      return;
    }
    if (this.#doubted.get(breaker) === generation) return;
    if (this.#doubted.size >= mostDoubted) this.#doubted.clear();
    this.#doubted.set(breaker, generation);
    const { calls, failed, slow, failing, reporting } = view;
    this.#options.log.warn({ breaker, calls, failed, slow, failing, reporting }, 'breaker.no_quorum');
  }

  #openForMs({ name, openings }: Pick<BreakerState, 'name' | 'openings'>, retryAfterMs = 0): number {
    return openTimeMs(this.#windows.openTimeOf(name), openings + 1, this.#options.random(), retryAfterMs);
  }

  async #tell(picture: BreakerPicture, tripped: ReadonlyMap<string, Figures>): Promise<void> {
    const before = this.#known ?? byName(picture.states.filter(({ name }) => !tripped.has(name)));
    this.#known = byName(picture.states);
    this.#picture = { picture, at: this.#options.clock.elapsed() };
    this.#labels.keepOnly(new Set(this.#known.keys()));
    const transitions = transitionsBetween(before, picture.states);
    for (const transition of transitions) this.#count(transition, tripped.get(transition.state.name));
    this.#show(picture.states);
    for (const transition of transitions)
      await this.#writeDown(transition, tripped.get(transition.state.name), picture);
  }

  #count({ from, to, reason, state }: BreakerTransition, figures: Figures | undefined): void {
    const { log, metrics } = this.#options;
    metrics.breakerTransitions.inc({ breaker: this.#labels.labelOf(state.name), from, to });
    const { name: breaker, generation, openings, by, why } = state;
    const level = to === 'open' && from === 'closed' ? 'warn' : 'info';
    log[level]({ breaker, from, reason, generation, openings, by, why, ...figures }, events[to]);
  }

  #show(states: readonly BreakerState[]): void {
    const { breakerState } = this.#options.metrics;
    breakerState.clear();
    const shown = new Map<string, Set<string>>();
    for (const { name, phase } of states) {
      const label = this.#labels.labelOf(name);
      shown.set(label, (shown.get(label) ?? new Set()).add(phase));
    }
    for (const [breaker, phases] of shown) {
      for (const state of breakerPhases) breakerState.set({ breaker, state }, phases.has(state) ? 1 : 0);
    }
  }

  /** Openings, closings, and isolations that ran out. Probes that fail are many and belong in the log; operators write down what they do. */
  async #writeDown(
    { from, to, reason, state }: BreakerTransition,
    figures: Figures | undefined,
    { now }: BreakerPicture,
  ): Promise<void> {
    const { audit, supervisor } = this.#options;
    const opened = to === 'open' && (from === 'closed' || from === 'isolated');
    const closed = to === 'closed' && from === 'half_open';
    if (!opened && !closed) return;
    const { name: breaker, generation, openings } = state;
    const fence = this.#epoch === undefined ? {} : { fence: this.#epoch };
    const details = { generation, openings, ...figures };
    const what = opened ? 'breaker.open' : 'breaker.close';
    await audit.append({ by: supervisor, what, breaker, why: reason, ...fence, details }, now);
  }
}

function byName(states: readonly BreakerState[]): Map<string, BreakerState> {
  return new Map(states.map((state) => [state.name, state]));
}

const events = {
  open: 'breaker.opened',
  half_open: 'breaker.half_opened',
  closed: 'breaker.closed',
  isolated: 'breaker.isolated',
} as const;

/** What a verdict rests on. */
type Figures = ReturnType<typeof figuresOf>;

function figuresOf(view: WindowView, verdict: TripReason, openForMs: number) {
  const { calls, failed, slow, failing, slowing, reporting, failedInARow, callsPerSecond } = view;
  return { verdict, calls, failed, slow, failing, slowing, reporting, failedInARow, callsPerSecond, openForMs };
}
