import type { Logger } from 'pino';
import type { ResolvedLogOptions } from '../../config/option-types.js';
import { LineSink } from '../../telemetry/line-sink.js';
import { createLogger } from '../../telemetry/logger.js';
import type { Role } from '../../telemetry/role.js';

export interface LogTarget {
  /** Whether stdout is for a JSON document, and logs go to stderr. */
  readonly json: boolean;
  /** Whether it ends on a terminal, although through a keeper. */
  readonly terminal?: true | undefined;
}

/** The logger of a process: on stdout, or on stderr when stdout is for a JSON document. */
export function createProcessLogger(options: ResolvedLogOptions, role: Role, { json, terminal }: LogTarget): Logger {
  return createLogger({ ...options, role, stream: new LineSink(json ? 2 : 1, terminal && { terminal }) });
}
