import { isPassing } from '../redis/passing-refusal.js';
import { pause } from '../time/clock.js';

/** Pauses between tries while Redis gives no answer. */
const firstPauseMs = 25;
const longestPauseMs = 1_000;
/** So long Redis has for an answer once the run is called off: enough for one that lives, and short beside the handler's grace. */
const lastWordMs = 200;

/**
 * Asks Redis until it answers. `later` is no answer, and neither is silence or a refusal for a reason that passes. A run that is called
 * off asks one last time and then ends with the signal's reason.
 *
 * @throws what Redis refuses for good, or the signal's reason.
 */
export async function untilAnswered<T>(ask: () => Promise<T | 'later'>, signal: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    const isLast = signal.aborted;
    const answer = await answerOf(ask(), signal);
    if (answer !== 'later') return answer;
    if (isLast) signal.throwIfAborted();
    await pause(Math.min(firstPauseMs * 2 ** tries, longestPauseMs), signal);
  }
}

async function answerOf<T>(asked: Promise<T | 'later'>, signal: AbortSignal): Promise<T | 'later'> {
  let timer: NodeJS.Timeout | undefined;
  let hurry: () => void = () => undefined;
  const silence = new Promise<'later'>((resolve) => {
    hurry = () => {
      timer = setTimeout(resolve, lastWordMs, 'later');
    };
    if (signal.aborted) hurry();
    else signal.addEventListener('abort', hurry, { once: true });
  });
  try {
    return await Promise.race([asked, silence]);
  } catch (error) {
    if (isPassing(error)) return 'later';
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', hurry);
  }
}
