import { keyDigest, payloadFingerprint } from '../idempotency/identity.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { JobMeta } from '../job/job-meta.js';
import { randomJobId } from '../job/random-ids.js';
import { shareOf } from '../job/tenant-policy.js';
import type { EpochMs } from '../time/duration.js';
import type { NewJob } from '../transport/new-job-words.js';
import { type AcceptedPayload, payloadJsonOf } from './accept-payload.js';
import type { EnqueueWishes } from './enqueue-options.js';

export interface NewJobFacts {
  readonly wishes: EnqueueWishes;
  /** What it is to carry of the trace that it belongs to. */
  readonly carrier: string | undefined;
  /** Who enqueues it. */
  readonly producer: string;
}

/** Makes the job of a payload: its id follows from kind, tenant and key, and is random without a key. */
export function newJob(
  job: AnyJobDefinition,
  accepted: AcceptedPayload,
  { wishes, carrier, producer }: NewJobFacts,
  now: EpochMs,
): NewJob {
  const { payload, key } = accepted;
  const { tenant, delayMs, expiresInMs, priority } = wishes;
  const meta: JobMeta = {
    version: job.version,
    ...(key !== undefined && { key }),
    ...(tenant !== undefined && { tenant }),
    ...(expiresInMs !== undefined && { deadline: (now + expiresInMs) as EpochMs }),
    producer,
  };
  const digest = key === undefined ? undefined : keyDigest({ kind: job.kind, tenant, key });
  const { tenants } = job.queue;
  return {
    id: digest ?? randomJobId(),
    ...(digest !== undefined && { fingerprint: payloadFingerprint(job.version, payload) }),
    kind: job.kind,
    payloadJson: payloadJsonOf(accepted),
    meta,
    carrier,
    enqueuedAt: now,
    delayMs,
    priority,
    ...(tenants !== undefined && { share: shareOf(tenants, tenant) }),
  };
}
