import type { Board } from './board.js';
import { betterNone, classColors, percentileColors, plain } from './look.js';
import { fromLeader, inInterval, jobsIn, jobsOut, metShare, orNone, orZero, percentile, perSecond } from './promql.js';
import { series } from './series.js';
import {
  attemptsByOutcome,
  failingStat,
  inTimeStat,
  mostDeadLetters,
  newDeadStat,
  oldestWait,
  ready,
  throughput,
  unfinishedByState,
  waitingStat,
  waitPercentiles,
} from './shared.js';
import { stat } from './stat.js';
import { table } from './table.js';

const attempts = (outcome: string) =>
  `sum by (queue, kind) (${perSecond(`bulwark_job_attempts_total{outcome="${outcome}"}`)})`;

export const queue: Board = {
  uid: 'bulwark-queue',
  title: 'Bulwark queue',
  description:
    'One queue or several: whether its jobs are in time, which kinds they are, how they end, and what is refused or set aside.',
  choices: ['queue', 'kind'],
  rows: [
    {
      title: 'Is it healthy?',
      panels: [
        inTimeStat(),
        stat({
          title: 'Oldest wait',
          description: 'How long the oldest job that could run has been waiting.',
          unit: 's',
          decimals: 1,
          empty: 'unknown',
          expr: fromLeader('bulwark_queue_oldest_job_age_seconds'),
          steps: plain,
          words: { 0: ['none waits', 'green'] },
        }),
        waitingStat(),
        stat({
          title: 'Done in',
          description:
            'How long it takes to do what waits now, at the pace of the last moments and if nothing came. Never: jobs wait and none ends.',
          unit: 's',
          empty: 'unknown',
          expr: `(${jobsIn(ready)} > 0) / (${jobsOut}) or 0 * ${jobsIn(ready)}`,
          steps: plain,
          words: { 0: ['none waits', 'green'], Infinity: ['never', 'red'] },
        }),
        failingStat(),
        newDeadStat(),
        stat({
          title: 'Dead letters',
          description:
            'Dead letters that wait for a decision: redrive, export or purge. `bulwark dlq ls` groups them by reason.',
          unit: 'short',
          empty: 'unknown',
          expr: jobsIn('dead_lettered'),
          steps: betterNone,
          words: { 0: ['none', 'green'] },
        }),
        stat({
          title: 'Gives jobs',
          description: 'Whether somebody paused one of these queues. `bulwark queue resume` ends it.',
          unit: 'short',
          empty: 'unknown',
          expr: `sum(${fromLeader('bulwark_queue_paused', ['queue'])})`,
          steps: betterNone,
          words: { 0: ['yes', 'green'], 1: ['paused', 'orange'] },
        }),
      ],
    },
    {
      title: 'In time?',
      panels: [
        throughput(),
        waitPercentiles(),
        oldestWait(),
        unfinishedByState(),
        series({
          title: 'Wait by class',
          description:
            '95 of 100 jobs of a class waited no longer before they started. Under overload the upper classes stay in time and the lower ones give way.',
          unit: 's',
          empty: 'no job has started',
          lines: { '{{criticality}}': percentile(0.95, 'bulwark_job_wait_seconds_bucket', ['criticality']) },
          colors: classColors,
        }),
        series({
          title: 'Started in time',
          description:
            'Share of jobs that started within the slo of their queue, by class of importance. What was set aside counts when it has run.',
          unit: 'percentunit',
          empty: 'no job has started',
          max: 1,
          lines: {
            '{{criticality}}': metShare('bulwark_jobs_waited_total', 'in_time', '$__rate_interval', ['criticality']),
          },
          colors: classColors,
        }),
        series({
          title: 'Ended well',
          description:
            'Share of jobs that came to a good end, by class of importance. The others were dead-lettered; attempts that are tried again do not count yet.',
          unit: 'percentunit',
          empty: 'no job has ended',
          max: 1,
          lines: {
            '{{criticality}}': metShare('bulwark_jobs_ended_total', 'succeeded', '$__rate_interval', ['criticality']),
          },
          colors: classColors,
        }),
        series({
          title: 'Late to be ready',
          description:
            'How late the delayed job is that should have been ready first. More than seconds: no worker is there to bring it over, or Redis is slow.',
          unit: 's',
          empty: 'unknown',
          lines: { '{{queue}}': fromLeader('bulwark_queue_schedule_lag_seconds', ['queue']) },
        }),
        series({
          title: 'Slots',
          description: 'Places for running jobs in all workers that serve these queues.',
          unit: 'short',
          lines: { busy: 'sum(bulwark_worker_slots{state="busy"})', all: 'sum(bulwark_worker_slots)' },
          colors: { busy: 'green', all: 'text' },
          bounds: '/^all$/',
        }),
      ],
    },
    {
      title: 'Kinds of jobs',
      panels: [
        table({
          title: 'Kinds now',
          description:
            'One line per kind: attempts a second by how they ended, and the run time that 95 of 100 attempts kept.',
          unit: 'ops',
          empty: '-',
          height: 7,
          rows: { queue: 'Queue', kind: 'Kind' },
          columns: {
            Completed: { expr: attempts('completed'), decimals: 2 },
            Retried: { expr: attempts('retried'), decimals: 2, steps: ['text', [0.001, 'yellow']] },
            Parked: { expr: attempts('parked'), decimals: 2, steps: ['text', [0.001, 'blue']] },
            'Dead-lettered': { expr: attempts('dead_lettered'), decimals: 2, steps: ['text', [0.001, 'red']] },
            'Run time, p95': {
              expr: percentile(0.95, 'bulwark_job_duration_seconds_bucket', ['queue', 'kind']),
              unit: 's',
            },
          },
        }),
        series({
          title: 'Enqueued by kind',
          description: 'Jobs that Bulwark producers put into the queue. What plain BullMQ enqueued is not in it.',
          unit: 'ops',
          empty: 'no producer is scraped',
          lines: {
            '{{kind}}': `sum by (kind) (${perSecond('bulwark_jobs_enqueued_total')})`,
          },
        }),
        attemptsByOutcome(),
        series({
          title: 'Run time',
          description: 'How long attempts took, whatever became of them.',
          unit: 's',
          empty: 'no attempt has ended',
          lines: {
            p50: percentile(0.5, 'bulwark_job_duration_seconds_bucket'),
            p95: percentile(0.95, 'bulwark_job_duration_seconds_bucket'),
            p99: percentile(0.99, 'bulwark_job_duration_seconds_bucket'),
          },
          colors: percentileColors,
        }),
      ],
    },
    {
      title: 'Failures',
      panels: [
        mostDeadLetters({ width: 24, height: 6 }),
        series({
          title: 'Dead letters by reason',
          description:
            'Jobs that were dead-lettered, and dead letters that were dropped because they were too old or too many.',
          unit: 'short',
          bars: true,
          lines: {
            '{{reason}}': orNone(`sum by (reason) (${inInterval('bulwark_dead_letters_total')})`, 'reason'),
            'dropped for {{reason}}': orNone(
              `sum by (reason) (${inInterval('bulwark_dead_letters_dropped_total')})`,
              'reason',
            ),
          },
        }),
        series({
          title: 'Errors by class',
          description:
            'Attempts that ended with an error, by what it means. Transient and timed-out ones are tried again, throttled ones when their dependency says, permanent ones are dead-lettered.',
          unit: 'short',
          bars: true,
          lines: { '{{class}}': orNone(`sum by (class) (${inInterval('bulwark_job_errors_total')})`, 'class') },
        }),
        series({
          title: 'Retries by their budget',
          description:
            'Jobs that were about to run again. Taken: the budget paid. Empty: the job is postponed and fails nothing. Overdrawn: it could not wait. Much empty for long: a dependency fails and has no breaker.',
          unit: 'ops',
          lines: {
            '{{dependency}} {{verdict}}': orNone(
              `sum by (dependency, verdict) (${perSecond('bulwark_retry_budget_verdicts_total')})`,
              'verdict',
            ),
          },
        }),
      ],
    },
    {
      title: 'Producers',
      panels: [
        series({
          title: 'Refused at enqueue',
          description:
            'Jobs that were never accepted; the caller got an error that says why. Shed: too much comes. Unavailable: Redis did not answer.',
          unit: 'short',
          bars: true,
          lines: {
            '{{reason}}': orNone(`sum by (reason) (${inInterval('bulwark_enqueue_rejected_total')})`, 'reason'),
          },
        }),
        series({
          title: 'Enqueue time',
          description: 'How long an enqueue call took, from the call to the answer of Redis.',
          unit: 's',
          empty: 'no producer is scraped',
          lines: {
            p50: percentile(0.5, 'bulwark_enqueue_duration_seconds_bucket'),
            p99: percentile(0.99, 'bulwark_enqueue_duration_seconds_bucket'),
          },
          colors: percentileColors,
        }),
        series({
          title: 'Known by their key',
          description:
            'Jobs that were not run twice: enqueued again with a key that is known, or taken by a worker whose ledger says that the work is done, failed for good, or being done.',
          unit: 'ops',
          lines: {
            'enqueued again': orZero(`sum(${perSecond('bulwark_jobs_deduplicated_total')})`),
            'not run: {{verdict}}': orNone(
              `sum by (verdict) (${perSecond('bulwark_ledger_verdicts_total')})`,
              'verdict',
            ),
          },
        }),
      ],
    },
    {
      title: 'Under overload',
      panels: [
        series({
          title: 'Jobs that gave way',
          description:
            'What became of jobs that gave way, by class. Refused ones were never accepted, degraded ones ran their fallback, delayed and parked ones come back.',
          unit: 'short',
          bars: true,
          width: 12,
          lines: {
            '{{criticality}} {{action}}': orNone(
              `sum by (criticality, action) (${inInterval('bulwark_jobs_shed_total')})`,
              'action',
            ),
          },
        }),
        series({
          title: 'Fallbacks',
          description:
            'Jobs that completed the short way, because a dependency was not to be called or there was too much to do.',
          unit: 'short',
          bars: true,
          width: 12,
          lines: {
            'for {{dependency}}': orNone(
              `sum by (dependency) (${inInterval('bulwark_job_fallbacks_total')})`,
              'dependency',
            ),
          },
        }),
      ],
    },
  ],
};
