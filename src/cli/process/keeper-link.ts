import { isStopMessage, type ReadyMessage, type StoppingMessage } from './keeper-message.js';
import type { ReadyReport } from './ready-report.js';

/** A child's side of the channel to its keeper. */
export interface KeeperLink {
  /** False once the keeper is gone. */
  readonly connected: boolean;
  tellReady(report: ReadyReport): void;
  /** Tells that this process drains and will end. */
  tellStopping(): void;
}

/**
 * Joins the keeper that forked this process. `onStop` is called when the keeper asks for a drain, and when it is gone:
 * without a keeper nobody restarts this process, watches its Redis, or would ever end it.
 */
export function joinKeeper(onStop: (reason: 'keeper' | 'keeper_gone') => void): KeeperLink {
  process.on('message', (message) => {
    if (isStopMessage(message)) onStop('keeper');
  });
  process.once('disconnect', () => onStop('keeper_gone'));
  if (!process.connected) onStop('keeper_gone');
  return {
    get connected() {
      return process.connected === true;
    },
    tellReady(report) {
      tell({ bulwark: 'ready', report });
    },
    tellStopping() {
      tell({ bulwark: 'stopping' });
    },
  };
}

function tell(message: ReadyMessage | StoppingMessage): void {
  // A keeper that died meanwhile is noticed by the disconnect.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
