import type { Board } from './board.js';
import { column, label, toQueue, toRedis, toWorkers } from './links.js';
import { betterNone, fillsUp } from './look.js';
import { fromLeader, inInterval, jobsIn, percentile, perSecond, promiseUsed } from './promql.js';
import { series } from './series.js';
import {
  aliveStat,
  attemptsByOutcome,
  breakersStat,
  failingStat,
  inTimeStat,
  leaderStat,
  mostDeadLetters,
  newDeadStat,
  promiseStat,
  ready,
  shedStat,
  throughput,
  unfinishedByState,
  waitPercentiles,
  workersByState,
} from './shared.js';
import { table } from './table.js';

export const overview: Board = {
  uid: 'bulwark-overview',
  title: 'Bulwark overview',
  description:
    'Is the pool healthy, and if not, where to look. The first row answers without a legend; the rows below say why, and lead to the dashboard that says more.',
  choices: ['queue'],
  rows: [
    {
      title: 'Is it healthy?',
      panels: [
        inTimeStat(),
        promiseStat(),
        failingStat(),
        newDeadStat(),
        aliveStat(),
        breakersStat(),
        shedStat(),
        leaderStat(),
        throughput(),
        series({
          title: 'Promise used by queue',
          description:
            'How much of the time it may wait the oldest job of each queue has used up. Above the line, at 100 %, users notice.',
          unit: 'percentunit',
          empty: 'no queue is known',
          lines: { '{{queue}}': promiseUsed },
          steps: ['green', [1, 'red']],
          link: toQueue(label('queue')),
        }),
        waitPercentiles(),
      ],
    },
    {
      title: 'Queues',
      panels: [
        table({
          title: 'Queues now',
          description:
            'One line per queue; its name leads to its dashboard. Waiting: could run now. Later: has a due time, such as a retry. Dead: waits in the dead-letter queue for a decision.',
          unit: 'short',
          empty: '-',
          height: 7,
          rows: { queue: 'Queue' },
          columns: {
            Waiting: { expr: jobsIn(ready, ['queue']) },
            Active: { expr: jobsIn('active', ['queue']) },
            Later: { expr: jobsIn('delayed', ['queue']) },
            Dead: { expr: jobsIn('dead_lettered', ['queue']), steps: betterNone },
            'Oldest wait': { expr: fromLeader('bulwark_queue_oldest_job_age_seconds', ['queue']), unit: 's' },
            'Promise used': { expr: promiseUsed, unit: 'percentunit', decimals: 0, steps: fillsUp },
            Gives: {
              expr: fromLeader('bulwark_queue_paused', ['queue']),
              words: { 0: ['jobs', 'green'], 1: ['paused', 'orange'] },
            },
          },
          link: toQueue(column('Queue')),
        }),
        unfinishedByState(),
        attemptsByOutcome(),
        series({
          title: 'Run time by kind',
          description: '95 of 100 attempts of a kind took no longer.',
          unit: 's',
          empty: 'no attempt has ended',
          lines: { '{{kind}}': percentile(0.95, 'bulwark_job_duration_seconds_bucket', ['kind']) },
        }),
      ],
    },
    {
      title: 'Workers and dependencies',
      panels: [
        series({
          title: 'Slots',
          description:
            'Places for running jobs in all workers. Busy near all for long while jobs wait: more workers are needed, or a dependency is slow.',
          unit: 'short',
          lines: {
            busy: 'sum(bulwark_worker_slots{state="busy"})',
            all: 'sum(bulwark_worker_slots)',
          },
          colors: { busy: 'green', all: 'text' },
          bounds: '/^all$/',
          link: toWorkers,
        }),
        workersByState(),
        series({
          title: 'Dependency calls that fail',
          description: 'Calls through `ctx.call` that failed, timed out, or were not made because the breaker is open.',
          unit: 'short',
          bars: true,
          empty: 'no dependency is called',
          lines: {
            '{{dependency}}': `sum by (dependency) (${inInterval('bulwark_breaker_calls_total{result=~"failure|rejected"}')})`,
          },
        }),
      ],
    },
    {
      title: 'What needs somebody',
      panels: [
        table({
          title: 'Alerts that fire',
          description:
            'Alerts of the rules in deploy/prometheus that fire now. docs/operations.md has a section for each: what it means, where to look, what to do.',
          unit: 'short',
          empty: 'none',
          width: 8,
          rows: { alertname: 'Alert', severity: 'Severity' },
          columns: {
            Firing: {
              expr: 'count by (alertname, severity) (ALERTS{alertstate="firing", alertname=~"Bulwark.*"})',
            },
          },
        }),
        mostDeadLetters({ width: 8 }),
        series({
          title: 'Redis errors',
          description:
            'Failures that processes saw on their connection to Redis: lost or refused, no answer in time, or an error as the answer.',
          unit: 'ops',
          lines: { '{{kind}}': `sum by (kind) (${perSecond('bulwark_redis_errors_total')})` },
          bars: true,
          colors: { connection: 'red', timeout: 'orange', command: 'yellow' },
          link: toRedis,
        }),
      ],
    },
    {
      title: 'What runs',
      panels: [
        table({
          title: 'Processes by version',
          description:
            'How many processes run which version. Two versions of one role: a rollout is on its way, or stuck.',
          unit: 'short',
          height: 6,
          rows: { role: 'Role', version: 'Bulwark', bullmq: 'BullMQ', node: 'Node' },
          columns: { Processes: { expr: 'count by (role, version, bullmq, node) (bulwark_build_info)' } },
        }),
      ],
    },
  ],
};
