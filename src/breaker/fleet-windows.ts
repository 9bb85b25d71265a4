import { defaultOpenAtMostMs, defaultOpenForMs } from './breaker-policy.js';
import type { BreakerState, CallEvidence } from './breaker-state.js';
import { FleetWindow } from './fleet-window.js';
import type { OpenTimePolicy } from './open-time.js';
import type { StampedReport } from './parse-breaker.js';

interface Watched {
  readonly generation: number;
  readonly window: FleetWindow;
}

/** Whoever makes keys without end is watched by its newest ones: as many again as there may be breakers. */
const mostWatched = 2_000;

/** What the fleet saw of its calls lately, by breaker: of each only what was seen under its generation of now. */
export class FleetWindows {
  /** The one that was heard of last is the last. */
  readonly #watched = new Map<string, Watched>();
  readonly #openTimes = new Map<string, OpenTimePolicy>();

  /**
   * Takes in what workers reported.
   *
   * @param states - the breakers as they were after the reports were taken: no call began under a generation that they do not have yet.
   * @returns the breakers that were heard of.
   */
  record(reports: readonly StampedReport[], states: ReadonlyMap<string, BreakerState>): Set<string> {
    const heard = new Set<string>();
    for (const { worker, at, calls } of reports) {
      for (const evidence of calls) {
        if (evidence.generation !== (states.get(evidence.breaker)?.generation ?? 0)) continue;
        this.#windowOf(evidence).record(worker, evidence, at);
        heard.add(evidence.breaker);
      }
    }
    return heard;
  }

  /** What is known of the calls of a breaker under this generation; undefined when nothing is. */
  of(breaker: string, generation: number): Pick<FleetWindow, 'view' | 'steady'> | undefined {
    const watched = this.#watched.get(breaker);
    return watched?.generation === generation ? watched.window : undefined;
  }

  /** For how long a breaker opens, as its workers said with their calls. */
  openTimeOf(breaker: string): OpenTimePolicy {
    return this.#openTimes.get(breaker) ?? { openForMs: defaultOpenForMs, openAtMostMs: defaultOpenAtMostMs };
  }

  #windowOf({ breaker, generation, openForMs, openAtMostMs }: CallEvidence): FleetWindow {
    const known = this.#watched.get(breaker);
    const watched = known?.generation === generation ? known : { generation, window: new FleetWindow() };
    renew(this.#watched, breaker, watched);
    if (openForMs !== undefined && openAtMostMs !== undefined) {
      renew(this.#openTimes, breaker, { openForMs, openAtMostMs });
    }
    return watched.window;
  }
}

/** Puts an entry at the end, and drops the first one where there are too many. */
function renew<V>(entries: Map<string, V>, key: string, value: V): void {
  entries.delete(key);
  entries.set(key, value);
  if (entries.size <= mostWatched) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}
