import { destination, type Logger } from 'pino';
import type { ResolvedLogOptions } from '../../config/option-types.js';
import { createLogger } from '../../telemetry/logger.js';
import type { Role } from '../../telemetry/role.js';

/** The logger of a process: on stdout, or on stderr when stdout is for a JSON document. */
export function createProcessLogger(options: ResolvedLogOptions, role: Role, json: boolean): Logger {
  return createLogger({ ...options, role, ...(json && { stream: destination({ dest: 2, sync: true }) }) });
}
