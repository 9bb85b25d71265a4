import type { Board } from './board.js';
import { column, label, toInstance } from './links.js';
import { betterNone, mustBeNone, plain } from './look.js';
import { fromLeader, inInterval, inRange, orNone, orZero, percentile, perSecond } from './promql.js';
import { series } from './series.js';
import { aliveStat, workersByState } from './shared.js';
import { stat } from './stat.js';
import { table } from './table.js';

const ofWorkers = (metric: string): string => `${metric}{role="worker"}`;
const byProcess = (expr: string): string => `max by (instance) (${expr})`;
const cpu = perSecond(ofWorkers('process_cpu_seconds_total'));
const eventLoop = ofWorkers('nodejs_eventloop_lag_p99_seconds');
const memory = ofWorkers('process_resident_memory_bytes');
const usedSlots = 'sum by (instance) (bulwark_worker_slots{state="busy"}) / sum by (instance) (bulwark_worker_slots)';

export const workers: Board = {
  uid: 'bulwark-workers',
  title: 'Bulwark workers',
  description: 'The processes that run jobs: how full they are, what they use, and whether they hold on to their jobs.',
  choices: ['instance', 'queue'],
  rows: [
    {
      title: 'Is it healthy?',
      panels: [
        aliveStat(),
        stat({
          title: 'Not well',
          description:
            'Workers that are blocked, suspect or dead in the eyes of the leader. Their jobs are safe or are put back.',
          unit: 'short',
          empty: 'unknown',
          expr: `sum(${fromLeader('bulwark_workers{state!="alive"}', ['state'])})`,
          steps: mustBeNone,
          words: { 0: ['none', 'green'] },
        }),
        stat({
          title: 'Slots used',
          description:
            'Share of all places for running jobs that are busy. Full while jobs wait: more workers are needed.',
          unit: 'percentunit',
          decimals: 0,
          empty: 'no worker',
          expr: 'sum(bulwark_worker_slots{state="busy"}) / sum(bulwark_worker_slots)',
          steps: ['green', [0.8, 'yellow'], [0.97, 'orange']],
        }),
        stat({
          title: 'Event loop delay',
          description:
            'The longest that code had to wait in one of the workers, for 99 of 100 turns. From 200 ms on the pool sheds: a handler computes too long at a stretch.',
          unit: 's',
          decimals: 0,
          empty: 'no worker',
          expr: `max(${eventLoop})`,
          steps: ['green', [0.1, 'yellow'], [0.2, 'red']],
        }),
        stat({
          title: 'Largest memory',
          description: 'Resident memory of the worker that uses most.',
          unit: 'bytes',
          decimals: 0,
          empty: 'no worker',
          expr: `max(${memory})`,
          steps: plain,
        }),
        stat({
          title: 'Died',
          description:
            'Workers that died in the time shown without saying farewell: their connections were gone, or they fell silent.',
          unit: 'short',
          decimals: 0,
          expr: orZero(`sum(${inRange('bulwark_worker_deaths_total')})`),
          steps: betterNone,
          words: { 0: ['none', 'green'] },
        }),
        stat({
          title: 'Leases lost',
          description:
            'Attempts in the time shown whose job went to another one meanwhile: their worker was too slow to renew.',
          unit: 'short',
          decimals: 0,
          expr: orZero(`sum(${inRange('bulwark_job_attempts_total{outcome="lease_lost"}')})`),
          steps: betterNone,
          words: { 0: ['none', 'green'] },
        }),
        stat({
          title: 'Stuck fetches',
          description:
            'Fetches without an answer on a connection that stood, in the time shown. The connection or the process was replaced.',
          unit: 'short',
          decimals: 0,
          expr: orZero(`sum(${inRange('bulwark_fetch_stuck_total')})`),
          steps: betterNone,
          words: { 0: ['none', 'green'] },
        }),
      ],
    },
    {
      title: 'How full are they?',
      panels: [
        series({
          title: 'Slots',
          description:
            'Places for running jobs in all workers. Busy near all for long while jobs wait: more workers are needed, or a dependency is slow. Found is how many of them do good, where the concurrency adapts; else all.',
          unit: 'short',
          lines: {
            busy: 'sum(bulwark_worker_slots{state="busy"})',
            all: 'sum(bulwark_worker_slots)',
            found: 'sum(bulwark_worker_concurrency_limit) or sum(bulwark_worker_slots)',
          },
          colors: { busy: 'green', all: 'text', found: 'blue' },
          bounds: '/^(all|found)$/',
        }),
        series({
          title: 'Slots used by queue',
          description: 'Share of the places of each queue that are busy. Places are not shared between queues.',
          unit: 'percentunit',
          max: 1,
          lines: {
            '{{queue}}': 'sum by (queue) (bulwark_worker_slots{state="busy"}) / sum by (queue) (bulwark_worker_slots)',
          },
        }),
        workersByState(),
      ],
    },
    {
      title: 'Processes',
      panels: [
        table({
          title: 'Workers now',
          description: 'One line per worker process; its address leads to this dashboard for it alone.',
          unit: 'short',
          empty: '-',
          height: 6,
          rows: { instance: 'Process' },
          columns: {
            'Slots used': {
              expr: usedSlots,
              unit: 'percentunit',
              decimals: 0,
              steps: ['green', [0.8, 'yellow'], [0.97, 'orange']],
            },
            Completed: {
              expr: `sum by (instance) (${perSecond('bulwark_job_attempts_total{outcome="completed"}')})`,
              unit: 'ops',
              decimals: 1,
            },
            'Event loop delay': {
              expr: byProcess(eventLoop),
              unit: 's',
              steps: ['green', [0.1, 'yellow'], [0.2, 'red']],
            },
            Processor: { expr: byProcess(cpu), unit: 'percentunit', decimals: 0 },
            Memory: { expr: byProcess(memory), unit: 'bytes', decimals: 0 },
            Up: { expr: `time() - ${byProcess(ofWorkers('process_start_time_seconds'))}`, unit: 's', decimals: 0 },
          },
          link: toInstance(column('Process')),
        }),
        series({
          title: 'Event loop delay by process',
          description:
            'How long code had to wait for its turn, for 99 of 100 turns. Workers renew leases on a thread of their own, so a hung event loop loses no job; but it starts none either.',
          unit: 's',
          empty: 'no worker',
          lines: { '{{instance}}': byProcess(eventLoop) },
          steps: ['text', [0.2, 'red']],
          link: toInstance(label('instance')),
        }),
        series({
          title: 'Processor by process',
          description:
            'Share of one core that each worker uses. Near 100 %: handlers compute, and more processes help more than more slots.',
          unit: 'percentunit',
          empty: 'no worker',
          lines: { '{{instance}}': byProcess(cpu) },
          link: toInstance(label('instance')),
        }),
        series({
          title: 'Memory by process',
          description: 'Resident memory of each worker. A line that only rises is a leak in a handler.',
          unit: 'bytes',
          empty: 'no worker',
          lines: { '{{instance}}': byProcess(memory) },
          link: toInstance(label('instance')),
        }),
      ],
    },
    {
      title: 'Do they hold on to their jobs?',
      panels: [
        series({
          title: 'Leases',
          description:
            'Lease renewals of running jobs. Lost: another attempt owns the job. Error: Redis did not answer in time.',
          unit: 'ops',
          lines: { '{{result}}': `sum by (result) (${perSecond('bulwark_lease_renewals_total')})` },
          colors: { renewed: 'green', lost: 'red', error: 'orange' },
        }),
        series({
          title: 'Workers that vanished',
          description:
            'Workers whose connections were gone from Redis. Dead: nobody came back. Back: only the connection was lost. Together: so many at once that the network is suspected; who stays silent is taken for dead later.',
          unit: 'short',
          bars: true,
          lines: { '{{verdict}}': `sum by (verdict) (${inInterval('bulwark_workers_vanished_total')})` },
          colors: { dead: 'red', back: 'green', together: 'orange' },
        }),
        series({
          title: 'Stuck fetches by action',
          description: 'Fetches without an answer although a connection stood, and what was done about it.',
          unit: 'short',
          bars: true,
          lines: {
            '{{action}}': orNone(`sum by (action) (${inInterval('bulwark_fetch_stuck_total')})`, 'action'),
          },
          colors: { rebuild: 'yellow', replace: 'red' },
        }),
      ],
    },
    {
      title: 'Services inside',
      panels: [
        series({
          title: 'Failing service runs',
          description:
            'Runs of the periodic services inside a process that failed. A failed run is logged and tried again.',
          unit: 'ops',
          width: 12,
          lines: {
            '{{role}} {{service}}': orNone(
              `sum by (role, service) (${perSecond('bulwark_service_runs_total{result="error"}')})`,
              'service',
            ),
          },
        }),
        series({
          title: 'Service run time',
          description: '99 of 100 runs of a periodic service took no longer.',
          unit: 's',
          width: 12,
          lines: {
            '{{role}} {{service}}': percentile(0.99, 'bulwark_service_run_duration_seconds_bucket', [
              'role',
              'service',
            ]),
          },
        }),
      ],
    },
  ],
};
