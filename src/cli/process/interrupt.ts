const signals = ['SIGINT', 'SIGTERM'] as const;

/** Which signal asked for an end. */
export type Interrupt = (typeof signals)[number];

/**
 * Works until it is done or somebody asks for an end, which aborts the signal: the work then stops where nothing is left half done. A
 * second Ctrl-C ends the process on the spot, as without this.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly result: T; readonly interrupt: Interrupt | undefined }> {
  const stopping = new AbortController();
  let interrupt: Interrupt | undefined;
  const stop = (signal: Interrupt) => {
    interrupt ??= signal;
    for (const each of signals) process.off(each, stop);
    stopping.abort();
  };
  for (const each of signals) process.on(each, stop);
  try {
    return { result: await work(stopping.signal), interrupt };
  } finally {
    for (const each of signals) process.off(each, stop);
  }
}
