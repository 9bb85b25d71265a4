import type { Logger } from 'pino';
import type { Claim } from '../idempotency/claim.js';
import { decideClaim } from '../idempotency/decide-claim.js';
import { keyDigest, payloadFingerprint } from '../idempotency/identity.js';
import { KeyConflictError } from '../idempotency/key-conflict-error.js';
import type { Outcome } from '../job/outcome.js';
import { type ReportLimits, reportError } from '../retry/error-report.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { FetchedJob } from '../transport/fetched-job.js';

export interface ClaimedKeysOptions {
  /** Claims a key for a job that was written without one. Undefined when its lease is lost. */
  readonly claimKey: (job: FetchedJob, digest: string, fingerprint: string) => Promise<Claim | undefined>;
  readonly limits: ReportLimits;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'ledgerVerdicts'>;
}

/** What the ledger says of the keys of jobs before they run. */
export class ClaimedKeys {
  readonly #options: ClaimedKeysOptions;

  constructor(options: ClaimedKeysOptions) {
    this.#options = options;
  }

  /** How a job ends when the ledger knows its work, or another job is at it; undefined when it is to run. */
  known(job: FetchedJob): Outcome | undefined {
    const { limits, random, metrics, log } = this.#options;
    const { claim, id: jobId, kind } = job;
    if (claim === undefined || claim.verdict.kind === 'new') return undefined;
    metrics.ledgerVerdicts.inc({ kind, verdict: claim.verdict.kind });
    log.info({ jobId, kind, verdict: claim.verdict.kind }, 'job.key_known');
    return decideClaim(claim.verdict, () => reportError(conflictOf(job), 'permanent', limits), random());
  }

  /** Claims a key that no producer of ours wrote into the job. Answers as `known` does. */
  async claim(job: FetchedJob, key: string): Promise<Outcome | undefined> {
    const { kind, meta } = job;
    const fingerprint = payloadFingerprint(meta.version ?? 1, JSON.parse(job.dataJson));
    job.claim = await this.#options.claimKey(job, keyDigest({ kind, tenant: meta.tenant, key }), fingerprint);
    return job.claim === undefined ? { kind: 'lease_lost' } : this.known(job);
  }
}

function conflictOf({ kind, meta: { key } }: FetchedJob): KeyConflictError {
  const named = key === undefined ? `that ${kind} gives it` : JSON.stringify(key);
  return new KeyConflictError(`the idempotency key ${named} was given to another payload before: the job was not run`);
}
