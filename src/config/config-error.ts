import { BulwarkError } from '../errors/bulwark-error.js';

/** One thing that is wrong with the configuration. */
export interface ConfigFault {
  /** What it is about: `'worker.leaseMs'`, an environment variable, or a file. */
  readonly subject: string;
  /** What is expected of it, as the rest of a sentence: `'must be true or false'`. */
  readonly rule: string;
  /** What was given, as it may be shown: cut to size, secrets masked. */
  readonly value?: string;
  /** Where it was given. */
  readonly origin: string;
  /** What the rule is good for, in words that follow "so that", where it is not plain. */
  readonly why?: string;
  /** The known name nearest to an unknown one. */
  readonly suggestion?: string | undefined;
}

/** Thrown when the configuration cannot work. The message lists every fault, so that one repair is enough. */
export class ConfigError extends BulwarkError {
  readonly code = 'BULWARK_CONFIG_INVALID';
  readonly retryable = false;
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    super(
      `the configuration has ${count}; docs/reference/config.md lists every option\n${faults.map((fault) => `  ${faultText(fault)}`).join('\n')}`,
      { details: { faults } },
    );
    this.faults = faults;
  }
}

function faultText({ subject, rule, value, origin, why, suggestion }: ConfigFault): string {
  const got = value === undefined ? '' : `, got ${value}`;
  const reason = why === undefined ? '' : `, so that ${why}`;
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  return `${subject} ${rule}${got} (${origin})${reason}${hint}`;
}
