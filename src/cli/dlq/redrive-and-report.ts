import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import { systemClock } from '../../time/clock.js';
import { startProgress } from '../enqueue/progress-bar.js';
import { exitCodeOfSignal, exitCodes } from '../exit-code.js';
import { operatorName } from '../operator.js';
import type { Output } from '../output.js';
import { interruptible } from '../process/interrupt.js';
import { RedriveRun, type RedriveRunOptions } from './redrive-run.js';
import { renderRedrive } from './render-redrive.js';
import type { Selected } from './select-letters.js';

/** How an operator wants it done. */
export type RedriveManner = Pick<RedriveRunOptions, 'patch' | 'ratePerSecond' | 'halt' | 'watchMs'>;

/** Puts letters back until it is done, halts or is interrupted, and says what came of it. Answers the exit code. */
export async function redriveAndReport(
  output: Output,
  store: DeadLetterStore,
  { letters, notFound }: Selected,
  manner: RedriveManner,
): Promise<number> {
  const { queue } = store;
  const progress = startProgress(output, queue, letters.length);
  const { result, interrupt } = await interruptible(async (signal) => {
    const by = operatorName();
    const onProgress = (done: number) => progress.update(done);
    const run = new RedriveRun({ ...manner, store, letters, by, signal, clock: systemClock, onProgress });
    try {
      await run.run();
    } catch (error) {
      output.say(`${run.report.redriven.length} dead letters were put back into ${queue} before this:`);
      throw error;
    } finally {
      progress.end();
    }
    return run.report;
  });
  const report = { ...result, notFound: [...notFound, ...result.notFound] };
  output.answer({ queue, ...report, dryRun: false }, () =>
    renderRedrive(queue, report, manner.halt, systemClock.now(), output.paint),
  );
  if (report.end === 'interrupted') return exitCodeOfSignal(interrupt ?? 'SIGINT');
  const refused = report.notFound.length + report.idTaken.length > 0;
  return report.end === 'halted' || refused ? exitCodes.problem : exitCodes.done;
}
