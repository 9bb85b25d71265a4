import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { withoutUrlPasswords } from '../redaction.js';

/** A collector that is away fails every few seconds, for as long as it is. */
const linePaceMs = 60_000;
const maxLength = 500;

/** Has the SDK complain in our log: of whatever it says one line a minute, with how much else it had to say. */
export function logSdkComplaints(log: Logger, elapsed: () => number): void {
  let nextAt = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  const complain = (message: string): void => {
    const now = elapsed();
    if (now < nextAt) {
      unsaid += 1;
      return;
    }
    nextAt = now + linePaceMs;
    log.warn({ detail: withoutUrlPasswords(message.slice(0, maxLength)), unsaid }, 'tracing.failed');
    unsaid = 0;
  };
  const ignore = (): void => undefined;
  const logger: DiagLogger = { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
