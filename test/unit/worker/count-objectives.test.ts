import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../../src/job/define-queue.js';
import type { ErrorReport, Outcome } from '../../../src/job/outcome.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { countObjectives } from '../../../src/worker/count-objectives.js';
import { fetchedJob, momentIn } from './fetched-job.js';

const email = defineQueue({ name: 'email', criticality: 'critical', slo: '30s' });
const error: ErrorReport = { class: 'transient', name: 'Error', message: 'no', fingerprint: 'abc' };
const completed: Outcome = { kind: 'completed', resultJson: 'null' };
const died = (reason: Extract<Outcome, { kind: 'dead_lettered' }>['reason']): Outcome => ({
  kind: 'dead_lettered',
  reason,
  error,
  attempted: true,
});

/** What was counted of one attempt, in the words of the label `result`. */
async function counted(outcome: Outcome, job: Partial<FetchedJob> = {}): Promise<string[]> {
  const metrics = createMetrics({ role: 'worker', version: '0' });
  countObjectives(fetchedJob(job), outcome, email, metrics);
  const lines = (await metrics.render()).split('\n').filter((line) => /^bulwark_jobs_(waited|ended)_total/.test(line));
  return lines.map((line) => line.replace(/.*criticality="critical",result="(\w+)".* 1$/, '$1'));
}

describe('countObjectives', () => {
  it.each<[string, Outcome, Partial<FetchedJob>, string[]]>([
    ['done, and started in time', completed, {}, ['in_time', 'succeeded']],
    ['done, at the last moment', completed, { enqueuedAt: momentIn(-30_000) }, ['in_time', 'succeeded']],
    ['done, and started late', completed, { enqueuedAt: momentIn(-30_001) }, ['late', 'succeeded']],
    [
      'delayed on purpose',
      completed,
      { enqueuedAt: momentIn(-40_000), opts: { delay: 20_000 } },
      ['in_time', 'succeeded'],
    ],
    ['a later attempt', completed, { attemptsMade: 1, enqueuedAt: momentIn(-90_000) }, ['succeeded']],
    ['to be tried again', { kind: 'retried', delayMs: 5, error }, {}, ['in_time']],
    ['set aside', { kind: 'parked', delayMs: 5, reason: 'shed' }, {}, []],
    ['given back', { kind: 'interrupted', reason: 'shutdown' }, {}, []],
    ['lost', { kind: 'lease_lost' }, {}, []],
    ['out of attempts', died('attempts_exhausted'), { attemptsMade: 7 }, ['failed']],
    ['too late to run', died('expired'), { enqueuedAt: momentIn(-90_000) }, ['late', 'failed']],
    ['an expected no', died('business_error'), {}, ['in_time', 'succeeded']],
    ['called off', died('cancelled'), {}, ['in_time']],
  ])('counts a job that is %s', async (_what, outcome, job, expected) => {
    expect(await counted(outcome, job)).toEqual(expected);
  });
});
