/**
 * Anything that runs on its own until told to stop.
 *
 * `start` returns at once and may be called twice; `stop` resolves when nothing of the service is running any more and is
 * safe before `start`.
 */
export interface Service {
  start(): void;
  stop(): Promise<void>;
}
