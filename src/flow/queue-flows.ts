import { type FlowSample, nextFlow, type QueueFlow } from './queue-flow.js';

/** How all queues flow, as one leader has seen it. Whoever samples the queues tells it; whoever decides by flow asks it. */
export class QueueFlows {
  readonly #flows = new Map<string, QueueFlow>();

  /** Takes in a sample. `at` is a moment on a monotonic clock. */
  observe(queue: string, sample: FlowSample, at: number): void {
    this.#flows.set(queue, nextFlow(this.#flows.get(queue), sample, at));
  }

  /** Undefined for a queue that was not sampled yet. */
  of(queue: string): QueueFlow | undefined {
    return this.#flows.get(queue);
  }

  /** Forgets everything: somebody else watches from now on. */
  clear(): void {
    this.#flows.clear();
  }
}
