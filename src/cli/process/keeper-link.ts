import { type ChildMessage, parseKeeperMessage } from './keeper-message.js';
import type { ReadyReport } from './ready-report.js';

/** A child's side of the channel to its keeper. */
export interface KeeperLink {
  /** False once the keeper is gone. */
  readonly connected: boolean;
  tellReady(report: ReadyReport): void;
  /** Tells that this process drains and will end; `forGood` when nobody is to take its place. */
  tellStopping(forGood: boolean): void;
  /** Asks for a new process in this one's place. The keeper answers with the wish that this one stop, once the new one is ready. */
  askForReplacement(reason: string): void;
}

/** Who asked for the drain, and whether the successor already runs. */
export type OnStop = (reason: 'keeper' | 'keeper_gone', handOver: boolean) => void;

/**
 * Joins the keeper that forked this process. `onStop` is called when the keeper asks for a drain, and when it is gone:
 * without a keeper nobody restarts this process, watches its Redis, or would ever end it. `onRetire` is called when the keeper
 * needs it no more, and has time.
 */
export function joinKeeper(onStop: OnStop, onRetire: () => void): KeeperLink {
  process.on('message', (given) => {
    const message = parseKeeperMessage(given);
    if (message?.bulwark === 'stop') onStop('keeper', message.handOver);
    if (message?.bulwark === 'retire') onRetire();
  });
  process.once('disconnect', () => onStop('keeper_gone', false));
  if (!process.connected) onStop('keeper_gone', false);
  return {
    get connected() {
      return process.connected === true;
    },
    tellReady: (report) => tell({ bulwark: 'ready', report }),
    tellStopping: (forGood) => tell({ bulwark: 'stopping', forGood }),
    askForReplacement: (reason) => tell({ bulwark: 'replace', reason }),
  };
}

function tell(message: ChildMessage): void {
  // A keeper that died meanwhile is noticed by the disconnect.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
