import { pause } from '../time/clock.js';
import type { CallGate } from './call-gate.js';
import type { Entry } from './entrance.js';

/** A turn is asked for again after so long at least, and at most. */
const askAgainMs = { least: 50, most: 1_000 };
/** By then half of what is usual may be called again, and whoever still waits holds up a slot for less than that is worth. */
const longestWaitMs = 10_000;

/**
 * Enters a gate for another call of a job that has made some already. While the breaker ramps it waits for its turn: were it refused, all that
 * the job has called would be called again. Its turns are taken from those of all; after 10 s it goes without one.
 *
 * @param isOver - whether the job has ended meanwhile: then nothing is waited for.
 */
export async function waitForTurn(
  gate: Pick<CallGate, 'enter'>,
  timeoutMs: number,
  isOver: () => boolean,
): Promise<Entry> {
  for (let waitedMs = 0; ; ) {
    const entry = await gate.enter(timeoutMs);
    // A closed breaker refuses only who has no turn.
    if (entry.kind === 'pass' || entry.refusal.state.phase !== 'closed' || isOver()) return entry;
    if (waitedMs >= longestWaitMs) return { kind: 'pass', pass: { kind: 'free' } };
    const { retryAfterMs } = entry.refusal;
    const waitMs = Math.min(Math.max(retryAfterMs, askAgainMs.least), askAgainMs.most);
    await pause(waitMs);
    waitedMs += waitMs;
  }
}
