import { BulwarkError } from '../../errors/bulwark-error.js';

/** Thrown when tracing is asked for and the packages that it takes are not installed. */
export class TracingMissingError extends BulwarkError {
  readonly code = 'BULWARK_TRACING_MISSING';
  readonly retryable = false;

  constructor(packages: readonly string[], cause: unknown) {
    super(
      `the environment asks for traces (OTEL_*), and optional packages of Bulwark are not installed: run npm install ${packages.join(' ')}, or set OTEL_TRACES_EXPORTER=none`,
      { details: { packages }, cause },
    );
  }
}
