import type { Logger } from 'pino';
import type { StopRequest } from './stop-request.js';

/** A replacement can fail, for example because Redis is away. Who needs one still needs it then. */
const askAgainMs = 60_000;

/**
 * How a process says that a new one should take its place, because it cannot heal itself: a job that hangs, a connection
 * that is stuck. With a keeper it works on until the new one is ready; without one it drains and ends with 0, so that
 * its orchestrator starts another.
 */
export function replacementWish(stop: StopRequest, log: Logger): (reason: string) => void {
  let asked = false;
  return (reason) => {
    if (asked || stop.reason !== undefined) return;
    asked = true;
    const { link } = stop;
    log.warn({ reason, kept: link !== undefined }, 'process.wants_replacement');
    if (link === undefined) {
      stop.wantReplacement();
      return;
    }
    link.askForReplacement(reason);
    setInterval(() => link.askForReplacement(reason), askAgainMs).unref();
  };
}
