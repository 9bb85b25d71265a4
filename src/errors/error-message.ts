/** The message of anything that may be thrown. Never fails itself, whatever the thing is. */
export function errorMessage(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    // Its own code threw while we asked: that is all there is to say about it.
    return '(a thrown value that cannot be shown)';
  }
}
