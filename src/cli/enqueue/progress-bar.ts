import { SingleBar } from 'cli-progress';
import type { Output } from '../output.js';

/** Shows how far something is, while a person watches; says nothing otherwise. */
export interface Progress {
  update(done: number): void;
  end(): void;
}

/** Shows on a terminal how far something is that has so many parts; elsewhere nothing. */
export function startProgress(output: Output, what: string, total: number): Progress {
  if (!output.watched) return { update: () => undefined, end: () => undefined };
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total} {duration_formatted}`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // The cursor is given back by `end`; the bar's own handling of signals would fight with ours.
    gracefulExit: false,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), end: () => bar.stop() };
}
