import type { Logger } from 'pino';
import { within } from '../../time/deadline.js';
import type { Retirement } from '../../worker/retirement.js';
import { exitCodeOfSignal, exitCodes } from '../exit-code.js';
import type { ReadyReport } from './ready-report.js';
import { replacementWish } from './replacement-wish.js';
import { StopRequest } from './stop-request.js';
import { letYoungGenerationGrow } from './young-generation.js';

/** A process of the pool, as its life is led from here. */
export interface PoolProcess {
  start(host: ProcessHost): Promise<ReadyReport>;
  /** Takes no more work, and calls `onRetire` when it has ended what it has, however long that takes. */
  retire?(): Promise<void>;
  /** Drains and ends, on time in any case. */
  stop(how: StopManner): Promise<void>;
}

/** What a process of the pool may ask of whoever leads its life. */
export interface ProcessHost {
  /** Says that it should end, for good or replaced by a new process (see `replacementWish`), and why. The first wish counts. */
  readonly onRetire: (retirement: Retirement) => void;
}

export interface StopManner {
  /** Whether its successor already runs and waits for its port. */
  readonly handOver: boolean;
}

export interface RunOptions {
  readonly log: Logger;
  /** Whether a keeper forked this process. */
  readonly kept: boolean;
  readonly onReady: (report: ReadyReport) => void;
}

const startGraceMs = 1_000;

/**
 * Starts a process of the pool and runs it until it is asked to stop. The first wish drains it and exits with 0, a second
 * signal ends it at once. An error that nobody caught ends it, too: what it left behind cannot be trusted, and its keeper or
 * orchestrator starts a new one.
 *
 * @throws whatever `start` throws.
 */
export async function runUntilStopped(service: PoolProcess, { log, kept, onReady }: RunOptions): Promise<number> {
  const crash = (err: unknown): void => {
    log.fatal({ err }, 'process.crashed');
    process.exit(exitCodes.problem);
  };
  process.on('uncaughtException', crash).on('unhandledRejection', crash);

  const stop = new StopRequest({ kept });
  void stop.insisted.then((signal) => process.exit(exitCodeOfSignal(signal)));
  const wantReplacement = replacementWish(stop, log);
  const onRetire = ({ kind, reason }: Retirement) => {
    if (kind === 'replace') wantReplacement(reason);
    else stop.retire();
  };
  // A process that has nothing to end can go at once.
  stop.onUnneeded = () => void (service.retire ? service.retire().catch(crash) : stop.retire());
  const starting = service.start({ onRetire });
  const first = await Promise.race([starting, stop.received]);
  if (typeof first === 'object') {
    stop.link?.tellReady(first);
    onReady(first);
    letYoungGenerationGrow();
  }
  const reason = await stop.received;
  stop.link?.tellStopping(reason === 'retired');
  log.info({ reason }, 'process.stopping');
  // Stopped while it starts: what is half begun is better drained when it stands, if that is soon.
  await within(
    startGraceMs,
    starting.catch(() => undefined),
  );
  await service.stop({ handOver: stop.handsOver });
  return exitCodes.done;
}
