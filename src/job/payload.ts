import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BulwarkError } from '../errors/bulwark-error.js';

/** One thing that is wrong with a payload. */
export interface PayloadFault {
  /** Where: `lines[2].sku`; empty for the payload as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Thrown when a payload does not fit its kind's schema, with the path of each fault. Nothing has been written. */
export class PayloadInvalidError extends BulwarkError {
  readonly code = 'BULWARK_PAYLOAD_INVALID';
  readonly retryable = false;
  readonly kind: string;
  readonly faults: readonly PayloadFault[];

  constructor(kind: string, faults: readonly PayloadFault[], where = '') {
    const lines = faults.slice(0, 20).map((fault) => `  ${fault.path || '(payload)'}: ${fault.message}`);
    if (faults.length > 20) lines.push(`  … and ${faults.length - 20} more`);
    super(`the payload of ${kind}${where} does not fit its schema:\n${lines.join('\n')}`, {
      details: { kind, faults },
    });
    this.kind = kind;
    this.faults = faults;
  }
}

/** Thrown when a payload is larger than the queue accepts. Store the large part elsewhere and enqueue a reference to it. */
export class PayloadTooLargeError extends BulwarkError {
  readonly code = 'BULWARK_PAYLOAD_TOO_LARGE';
  readonly retryable = false;

  constructor(kind: string, bytes: number, limitBytes: number) {
    super(
      `the payload of ${kind} has ${bytes} bytes, at most ${limitBytes} are accepted; store the large part elsewhere and enqueue a reference to it, or raise job.maxPayloadBytes`,
      { details: { kind, bytes, limitBytes } },
    );
  }
}

/**
 * Checks a payload against a Standard Schema and gives what the schema makes of it (defaults filled in, types coerced): at once,
 * or as a promise when the schema takes its time.
 *
 * @throws PayloadInvalidError with the path of every fault; the promise rejects with it.
 */
export function validatePayload<S extends StandardSchemaV1>(
  kind: string,
  schema: S,
  payload: unknown,
): StandardSchemaV1.InferOutput<S> | Promise<StandardSchemaV1.InferOutput<S>> {
  const checked = schema['~standard'].validate(payload);
  return checked instanceof Promise ? checked.then((result) => outputOf(kind, result)) : outputOf(kind, checked);
}

function outputOf<T>(kind: string, result: StandardSchemaV1.Result<T>): T {
  if (result.issues === undefined) return result.value;
  throw new PayloadInvalidError(
    kind,
    result.issues.map((issue) => ({ path: pathText(issue.path ?? []), message: issue.message })),
  );
}

function pathText(path: NonNullable<StandardSchemaV1.Issue['path']>): string {
  return path
    .map((step) => (typeof step === 'object' ? step.key : step))
    .reduce<string>(
      (text, key) =>
        typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
      '',
    );
}
