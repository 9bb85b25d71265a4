/** A promise that the test, or a handler inside it, settles. */
export interface Signal<T = void> {
  readonly promise: Promise<T>;
  readonly send: (value: T) => void;
}

export function signal<T = void>(): Signal<T> {
  let send: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    send = resolve;
  });
  return { promise, send };
}

/** Resolves when the job's signal is aborted. */
export function untilAborted(abort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (abort.aborted) resolve();
    else abort.addEventListener('abort', () => resolve(), { once: true });
  });
}
