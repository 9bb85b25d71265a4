import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Asks again and again until the answer is truthy, and returns it. For what sends no signal of its own, such as another
 * process; whatever has a signal should be awaited by it.
 *
 * @throws Error at the deadline, with what was waited for and the last answer or error.
 */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  { timeoutMs = 5000, intervalMs = 20 }: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let answer: T | undefined;
    let failure: unknown;
    try {
      answer = await ask();
      if (answer) return answer;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) {
      const last = failure === undefined ? JSON.stringify(answer) : String(failure);
      throw new Error(`${what}: not within ${timeoutMs} ms, last seen: ${last}`, { cause: failure });
    }
    await sleep(intervalMs);
  }
}
