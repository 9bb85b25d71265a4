import type { Logger } from 'pino';
import type { ResolvedLogOptions } from '../../config/option-types.js';
import { LineSink } from '../../telemetry/line-sink.js';
import { createLogger } from '../../telemetry/logger.js';
import type { PoolOutput } from './child-output.js';

export interface KeeperOutput {
  /** Where the lines of the processes go. */
  readonly lines: PoolOutput;
  /** The keeper's own. */
  readonly log: Logger;
  /** Whether somebody reads along on a terminal. */
  readonly terminal: boolean;
}

/** Its own lines and those of its processes go through the same sinks, so that no line breaks into another. */
export function createKeeperOutput(options: ResolvedLogOptions, json: boolean): KeeperOutput {
  const stderr = new LineSink(2);
  const stdout = json ? stderr : new LineSink(1);
  const log = createLogger({ ...options, role: 'keeper', stream: stdout });
  return { lines: { stdout, stderr }, log, terminal: stdout.isTTY };
}
