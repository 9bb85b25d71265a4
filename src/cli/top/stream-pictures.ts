import { errorMessage } from '../../errors/error-message.js';
import { asUnavailable } from '../../redis/as-unavailable.js';
import { pause } from '../../time/clock.js';
import { interruptible } from '../process/interrupt.js';
import type { PoolPicture } from './picture.js';

/**
 * Writes one document a line, again and again, until a signal, or until nobody reads any more. While Redis does not answer a line says that
 * instead: `{"error": …}`.
 */
export async function streamPictures(
  read: () => Promise<PoolPicture>,
  everyMs: number,
  pour: (line: string) => Promise<boolean>,
): Promise<void> {
  await interruptible(async (signal) => {
    while (!signal.aborted) {
      const document = await read().catch((error: unknown) => ({ error: errorMessage(asUnavailable(error)) }));
      if (!(await pour(`${JSON.stringify(document)}\n`))) return;
      await pause(everyMs, signal);
    }
  });
}
