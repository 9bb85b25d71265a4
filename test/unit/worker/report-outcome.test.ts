import { describe, expect, it } from 'vitest';
import type { ErrorReport, Outcome } from '../../../src/job/outcome.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { Settled } from '../../../src/transport/settlement.js';
import { reportOutcome } from '../../../src/worker/report-outcome.js';
import { recordingLog } from '../service/recording-log.js';
import { fetchedJob, momentIn, now } from './fetched-job.js';

const error: ErrorReport = {
  class: 'transient',
  name: 'Error',
  message: 'no route',
  fingerprint: 'abc',
  stack: 'Error',
};
const done: Settled = { kind: 'done', jobs: [] };

/** What the log and the counters say after one attempt; the counters without those that stand at zero. */
async function told(outcome: Outcome, settled: Settled = done) {
  const { log, lines } = recordingLog();
  const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
  reportOutcome({
    job: fetchedJob({ startedAt: momentIn(-1_500) }),
    queue: 'email',
    outcome,
    settled,
    log,
    metrics,
    now,
    span: undefined,
  });
  const page = await metrics.render();
  const samples = page
    .split('\n')
    .filter((line) => /^bulwark_(job_attempts|dead_letters)_total\{/.test(line) && !line.endsWith(' 0'))
    .map((line) => line.replace(/queue="email",kind="send-receipt",|,role="worker"/g, ''));
  return { lines, samples, page };
}

describe('reportOutcome', () => {
  it('counts an error by what it means for the job', async () => {
    const { page } = await told({ kind: 'retried', delayMs: 5, error });

    expect(page).toMatch(/^bulwark_job_errors_total\{queue="email",kind="send-receipt",class="transient",.*\} 1$/m);
  });

  it('counts a fallback by its dependency, whatever keys there are', async () => {
    const { lines, page } = await told({ kind: 'completed', resultJson: 'null', fallbackFor: 'crm/host-17' });

    expect(page).toMatch(/^bulwark_job_fallbacks_total\{.*dependency="crm".*\} 1$/m);
    expect(page).not.toContain('host-17');
    expect(lines).toEqual(['info job.fell_back']);
  });

  it.each<[Outcome, string[], string[]]>([
    [
      { kind: 'completed', resultJson: 'null' },
      ['debug job.completed'],
      ['bulwark_job_attempts_total{outcome="completed"} 1'],
    ],
    [{ kind: 'retried', delayMs: 5, error }, ['warn job.retried'], ['bulwark_job_attempts_total{outcome="retried"} 1']],
    [
      { kind: 'parked', delayMs: 5, reason: 'newer_version' },
      ['info job.parked'],
      ['bulwark_job_attempts_total{outcome="parked"} 1'],
    ],
    [
      { kind: 'parked', delayMs: 5, reason: 'breaker:crm' },
      ['debug job.parked'],
      ['bulwark_job_attempts_total{outcome="parked"} 1'],
    ],
    [
      { kind: 'dead_lettered', reason: 'expired', error, attempted: true },
      ['error job.dead_lettered'],
      ['bulwark_job_attempts_total{outcome="dead_lettered"} 1', 'bulwark_dead_letters_total{reason="expired"} 1'],
    ],
    [
      { kind: 'interrupted', reason: 'shutdown' },
      ['info job.interrupted'],
      ['bulwark_job_attempts_total{outcome="interrupted"} 1'],
    ],
  ])('tells of $kind', async (outcome, lines, samples) => {
    expect(await told(outcome)).toMatchObject({ lines, samples });
  });

  it.each<[Settled]>([
    [{ kind: 'lease_lost', jobs: [] }],
    [{ kind: 'job_gone', jobs: [] }],
    [{ kind: 'unsettled', jobs: [] }],
  ])('counts an outcome that Redis refused as a lost lease, not as what it would have been: $kind', async (settled) => {
    const { lines, samples } = await told(
      { kind: 'dead_lettered', reason: 'expired', error, attempted: true },
      settled,
    );

    expect(lines).toEqual(['warn job.lease_lost']);
    expect(samples).toEqual(['bulwark_job_attempts_total{outcome="lease_lost"} 1']);
  });

  it('says how long the attempt ran', async () => {
    const { page } = await told({ kind: 'completed', resultJson: 'null' });

    expect(page).toMatch(/^bulwark_job_duration_seconds_sum\{.*outcome="completed".*\} 1\.5$/m);
  });
});
