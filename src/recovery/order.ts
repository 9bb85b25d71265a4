/** What somebody wants of one worker; it hears of it with its next beat. */
export type WorkerOrder =
  /** Take no more jobs; running ones go on. */
  | { readonly kind: 'quiet' }
  /** Take no more jobs, finish what runs, and end. */
  | { readonly kind: 'drain' }
  /** The same, and another process takes its place. */
  | { readonly kind: 'restart' }
  /** Call off a job that runs there. */
  | { readonly kind: 'cancel'; readonly queue: string; readonly jobId: string; readonly why: string }
  /** Run a suspect alone, in a process of its own. */
  | { readonly kind: 'isolate'; readonly queue: string; readonly jobId: string };

/** Reads an order that anybody may have written; undefined when it is none. */
export function parseOrder(json: string): WorkerOrder | undefined {
  let order: Partial<Record<string, unknown>>;
  try {
    order = Object(JSON.parse(json));
  } catch {
    return undefined;
  }
  const { kind, queue, jobId, why } = order;
  switch (kind) {
    case 'quiet':
    case 'drain':
    case 'restart':
      return { kind };
    case 'cancel':
      return typeof queue === 'string' && typeof jobId === 'string'
        ? { kind, queue, jobId, why: typeof why === 'string' ? why : 'cancelled' }
        : undefined;
    case 'isolate':
      return typeof queue === 'string' && typeof jobId === 'string' ? { kind, queue, jobId } : undefined;
    default:
      return undefined;
  }
}
