import { errorMessage } from '../../errors/error-message.js';
import { pause } from '../../time/clock.js';
import { asUnavailable } from '../connection-failure.js';

const intervalMs = 1_000;
/** Clears the screen and what scrolled out of it, and goes to its upper left corner. */
const clearScreen = '\u001b[H\u001b[2J\u001b[3J';

/**
 * Shows a page again and again until Ctrl-C, or until nobody reads any more. A Redis that goes away is said in place of the
 * page, and the page is back when Redis is.
 */
export async function watchRepeatedly(page: () => Promise<string>): Promise<void> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const { stdout } = process;
  process.once('SIGINT', stop).once('SIGTERM', stop);
  stdout.once('error', stop);
  const before = stdout.isTTY ? clearScreen : '';
  const after = stdout.isTTY ? '\nCtrl-C ends\n' : '\n';
  try {
    while (!stopping.signal.aborted) {
      const text = await page().catch((error: unknown) => errorMessage(asUnavailable(error)));
      if (stopping.signal.aborted) return;
      stdout.write(`${before}${text}\n${after}`);
      await pause(intervalMs, stopping.signal);
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    stdout.off('error', stop);
  }
}
