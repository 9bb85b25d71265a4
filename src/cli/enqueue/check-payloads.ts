import type { AnyJobDefinition } from '../../job/define-job.js';
import { type PayloadFault, PayloadInvalidError, validatePayload } from '../../job/payload.js';
import type { GivenPayload } from './read-payloads.js';

/**
 * Checks all payloads, so that one error names every fault with the line or file it is in, and nothing is written when there
 * is any.
 *
 * @throws PayloadInvalidError with every fault.
 */
export async function checkPayloads(
  job: AnyJobDefinition,
  given: readonly GivenPayload[],
  maxPayloadBytes: number,
): Promise<unknown[]> {
  const faults: PayloadFault[] = [];
  const payloads: unknown[] = [];
  for (const { origin, read } of given) {
    if ('fault' in read) faults.push({ path: origin, message: read.fault });
    else {
      faults.push(...(await faultsOf(job, read.payload, origin, maxPayloadBytes)));
      payloads.push(read.payload);
    }
  }
  if (faults.length > 0) throw new PayloadInvalidError(job.kind, faults);
  return payloads;
}

async function faultsOf(
  job: AnyJobDefinition,
  payload: unknown,
  origin: string,
  maxBytes: number,
): Promise<PayloadFault[]> {
  const bytes = Buffer.byteLength(JSON.stringify(payload) ?? 'null');
  if (bytes > maxBytes)
    return [{ path: origin, message: `has ${bytes} bytes, at most ${maxBytes} are accepted (job.maxPayloadBytes)` }];
  try {
    await validatePayload(job.kind, job.payload, payload);
    return [];
  } catch (error) {
    if (!(error instanceof PayloadInvalidError)) throw error;
    return error.faults.map(({ path, message }) => ({ path: [origin, path].filter(Boolean).join(': '), message }));
  }
}
