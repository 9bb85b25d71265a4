import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown when another program listens where the metrics and health server should. */
export class PortTakenError extends BulwarkError {
  readonly code = 'BULWARK_PORT_TAKEN';
  readonly retryable = false;

  constructor(host: string, port: number, cause: unknown) {
    super(`port ${port} on ${host} is taken; set BULWARK_HTTP_PORT or --http-port to another, or 0 for any free one`, {
      details: { host, port },
      cause,
    });
  }
}
