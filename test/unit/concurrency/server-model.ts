import { AdaptiveLimit } from '../../../src/concurrency/adaptive-limit.js';
import type { LimitBounds } from '../../../src/concurrency/limit-steps.js';
import { seededRandom } from '../../support/seeded-random.js';

/** A dependency on a virtual clock that workers share, and the workers that call it. */
export interface ServerModel {
  readonly bounds: LimitBounds;
  readonly workers?: number;
  /** How fast each of so many calls goes, 1 when nothing is in its way; by when, in seconds. */
  readonly speed: (calls: number, s: number) => number;
  /** How long a call takes on average when nothing is in its way. */
  readonly callMs: number;
  /** How many times the average a call takes, from a number between 0 and 1. By default most take less, some much longer. */
  readonly lengths?: (chance: number) => number;
  /** Jobs a second for all workers; by default there is always another one. */
  readonly load?: (s: number) => number;
  readonly forS: number;
  readonly seed: number;
}

export interface ModelRun {
  /** The limits of the first worker, with when each began to hold. */
  readonly limits: readonly { readonly s: number; readonly limit: number }[];
  /** Jobs done a second between two moments. */
  readonly donePerS: (fromS: number, toS: number) => number;
}

const exponential = (chance: number) => -Math.log(1 - chance);

interface Call {
  readonly worker: number;
  readonly startedAt: number;
  readonly endsAtWork: number;
}

export function runServer(model: ServerModel): ModelRun {
  const { bounds, workers = 1, speed, callMs, lengths = exponential, load, forS, seed } = model;
  const random = seededRandom(seed * 2_654_435_769);
  const limiters = Array.from({ length: workers }, () => new AdaptiveLimit(bounds));
  const busy = new Array<number>(workers).fill(0);
  const limits: { s: number; limit: number }[] = [];
  const doneInS = new Array<number>(Math.ceil(forS) + 1).fill(0);
  let [now, work, waiting, nextArrival] = [0, 0, 0, load ? 0 : Number.POSITIVE_INFINITY];
  const calls: Call[] = [];
  const start = (worker: number) => {
    const call = { worker, startedAt: now, endsAtWork: work + lengths(random()) * callMs };
    const at = calls.findIndex(({ endsAtWork }) => endsAtWork > call.endsAtWork);
    calls.splice(at === -1 ? calls.length : at, 0, call);
    busy[worker] = (busy[worker] ?? 0) + 1;
  };
  const fill = () => {
    for (let turn = 0, idle = 0; idle < workers; turn++) {
      const worker = turn % workers;
      const free = (busy[worker] ?? 0) < (limiters[worker] as AdaptiveLimit).allowed;
      if (!free || (load && waiting < 1)) {
        idle += 1;
        continue;
      }
      idle = 0;
      if (load) waiting -= 1;
      start(worker);
    }
  };
  fill();
  while (now < forS * 1_000) {
    const pace = speed(calls.length, now / 1_000);
    const [first] = calls;
    const endsAt = first === undefined ? Number.POSITIVE_INFINITY : now + (first.endsAtWork - work) / pace;
    const next = Math.min(endsAt, nextArrival);
    work += (next - now) * pace;
    now = next;
    if (next === endsAt && first !== undefined) {
      calls.shift();
      const { worker, startedAt } = first;
      const running = busy[worker] ?? 0;
      const verdict = limiters[worker]?.slotFreed(
        { kind: 'call', heldMs: now - startedAt, isDone: true, running },
        { elapsedMs: now, sharedMs: now },
      );
      if (worker === 0 && verdict) limits.push({ s: now / 1_000, limit: verdict.limit });
      busy[worker] = running - 1;
      doneInS[Math.floor(now / 1_000)] = (doneInS[Math.floor(now / 1_000)] ?? 0) + 1;
    } else {
      waiting += 1;
      nextArrival = now - (Math.log(1 - random()) * 1_000) / (load?.(now / 1_000) ?? 1);
    }
    fill();
  }
  const donePerS = (fromS: number, toS: number) =>
    doneInS.slice(fromS, toS).reduce((sum, done) => sum + done, 0) / (toS - fromS);
  return { limits, donePerS };
}
