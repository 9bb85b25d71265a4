import { BulwarkError } from '../../errors/bulwark-error.js';

/** A process of the pool that could not be kept alive. */
export interface Casualty {
  /** As in logs: `worker 2`. */
  readonly name: string;
  /** How many times in a row it died while it was started. */
  readonly deaths: number;
  /** How it ended last; null where the system does not tell. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Its last output, without secrets. */
  readonly lines: readonly string[];
}

/** Thrown when a keeper ended its pool, because too much of it died as soon as it was started. */
export class PoolGaveUpError extends BulwarkError {
  readonly code = 'BULWARK_POOL_GAVE_UP';
  readonly retryable = false;

  constructor(casualties: readonly Casualty[]) {
    const what = casualties.map(describe).join('; ');
    const [first] = casualties;
    const words = first && first.lines.length > 0 ? [`last output of ${first.name}:`, ...first.lines.map(indent)] : [];
    super([`gave up, because starting it again does not help: ${what}`, ...words].join('\n'), {
      details: { casualties },
    });
  }
}

function describe({ name, deaths, exitCode, signal }: Casualty): string {
  const how = signal ?? (exitCode === null ? 'could not be started' : `exit code ${exitCode}`);
  return `${name} died ${deaths} times in a row as soon as it was started (${how})`;
}

function indent(line: string): string {
  return `  ${line}`;
}
