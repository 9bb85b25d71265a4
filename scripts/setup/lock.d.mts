/** Runs a step of the set-up while no other process is in one. `file` is the lock; the clone has one. */
export function withSetupLock<T>(step: () => Promise<T> | T, file?: string): Promise<T>;
