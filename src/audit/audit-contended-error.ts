import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown when an entry of the audit stream could not be written because others wrote without a pause. Nothing was done. */
export class AuditContendedError extends BulwarkError {
  readonly code = 'BULWARK_AUDIT_CONTENDED';
  readonly retryable = true;

  constructor(what: string, attempts: number) {
    super(
      `${what} could not be written to the audit stream: others wrote first, ${attempts} times in a row; try again`,
    );
  }
}
