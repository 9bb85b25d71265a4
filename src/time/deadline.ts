/**
 * Waits for a promise, but never longer than `ms`.
 *
 * @returns the value, or `'late'` when time ran out first; the promise itself goes on and its later rejection is swallowed,
 * because whoever gave up on it has already decided what that means.
 */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.max(0, ms));
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
