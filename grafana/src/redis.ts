import type { Board } from './board.js';
import { betterNone, mustBeNone, percentileColors, plain } from './look.js';
import { fromLeader, inInterval, inRange, orNone, orZero, percentile, perSecond } from './promql.js';
import { series } from './series.js';
import { type StatPanel, stat } from './stat.js';
import { table } from './table.js';

const used = fromLeader('bulwark_redis_memory_used_bytes');
const limit = `(${fromLeader('bulwark_redis_memory_max_bytes')} > 0)`;
const clients = fromLeader('bulwark_redis_connected_clients');

const fact = (spec: StatPanel) => stat({ empty: 'unknown', ...spec });

export const redis: Board = {
  uid: 'bulwark-redis',
  title: 'Bulwark Redis',
  description:
    'The Redis that holds the jobs, as the leading supervisor sees it: whether it keeps everything, has room, and answers in time.',
  choices: [],
  rows: [
    {
      title: 'Is it healthy?',
      panels: [
        fact({
          title: 'Memory used',
          description:
            'Share of maxmemory that is used. When it is full Redis refuses new jobs; from 70 % on the pool refuses the lowest class. Without a limit Redis grows until the system kills it.',
          unit: 'percentunit',
          decimals: 0,
          empty: 'no limit',
          expr: `${used} / ${limit}`,
          steps: ['green', [0.7, 'yellow'], [0.85, 'red']],
        }),
        fact({
          title: 'When it is full',
          description:
            'Whether Redis refuses new jobs when memory is full, which loses nothing, or deletes old ones. Its maxmemory-policy must be noeviction.',
          unit: 'short',
          expr: orZero('count(bulwark_redis_eviction_policy{policy!="noeviction"})'),
          steps: mustBeNone,
          words: { 0: ['refuses', 'green'], 1: ['deletes', 'red'], 2: ['deletes', 'red'] },
        }),
        fact({
          title: 'Deleted keys',
          description:
            'Keys that Redis deleted in the time shown because its memory was full. Each may have been a job.',
          unit: 'short',
          decimals: 0,
          expr: `sum(${inRange('bulwark_redis_evicted_keys_total')})`,
          steps: mustBeNone,
          words: { 0: ['none', 'green'] },
        }),
        fact({
          title: 'Written to disk',
          description: 'Whether Redis can write what it accepted. While it cannot, all of that is gone if it dies.',
          unit: 'short',
          expr: fromLeader('bulwark_redis_persistence_failing'),
          steps: mustBeNone,
          words: { 0: ['yes', 'green'], 1: ['failing', 'red'] },
        }),
        fact({
          title: 'Answers in',
          description:
            '99 of 100 questions of the leader were answered within this time. From 50 ms on the pool sheds.',
          unit: 's',
          decimals: 1,
          expr: percentile(0.99, 'bulwark_redis_round_trip_seconds_bucket'),
          steps: ['green', [0.02, 'yellow'], [0.05, 'red']],
        }),
        fact({
          title: 'Errors',
          description: 'Failures that processes saw on their connection to Redis, in the time shown.',
          unit: 'short',
          decimals: 0,
          expr: `sum(${inRange('bulwark_redis_errors_total')})`,
          steps: betterNone,
          words: { 0: ['none', 'green'] },
        }),
        fact({
          title: 'Connections used',
          description:
            'Share of the connections that Redis takes. Each worker holds a few, one of them for each queue.',
          unit: 'percentunit',
          decimals: 0,
          expr: `${clients} / (${fromLeader('bulwark_redis_max_clients')} > 0)`,
          steps: ['green', [0.7, 'yellow'], [0.9, 'red']],
        }),
        fact({
          title: 'Up for',
          description:
            'How long the server of Redis has been running. Short: it was restarted, or another one took over.',
          unit: 's',
          decimals: 0,
          expr: fromLeader('bulwark_redis_uptime_seconds'),
          steps: plain,
        }),
      ],
    },
    {
      title: 'Room',
      panels: [
        series({
          title: 'Memory',
          description:
            'Memory that Redis uses for data; dashed is maxmemory. It grows with jobs that wait, results that are kept (job.keepCompleted) and dead letters.',
          width: 6,
          unit: 'bytes',
          empty: 'unknown',
          lines: { used, limit },
          colors: { used: 'blue', limit: 'red' },
          bounds: '/^limit$/',
        }),
        series({
          title: 'Jobs kept by state',
          description: 'What lies in Redis: jobs of all queues by state, those that are done included.',
          width: 6,
          unit: 'short',
          empty: 'unknown',
          lines: { '{{state}}': 'sum by (state) (max by (queue, state) (bulwark_queue_jobs))' },
          colors: {
            completed: 'green',
            waiting: 'yellow',
            prioritized: 'light-yellow',
            delayed: 'blue',
            active: 'light-green',
            dead_lettered: 'red',
            'waiting-children': 'purple',
            failed: 'orange',
          },
        }),
        series({
          title: 'Results removed early',
          description:
            'Completed jobs that the leader removed before their time, because the memory of Redis was short. What is done gives way before what is to be done.',
          width: 6,
          unit: 'short',
          bars: true,
          lines: {
            '{{queue}}': orNone(`sum by (queue) (${inInterval('bulwark_history_trimmed_jobs_total')})`, 'queue'),
          },
        }),
        series({
          title: 'Connections',
          description: 'Connections to Redis, and those of them that wait in a blocking command, as idle workers do.',
          width: 6,
          unit: 'short',
          empty: 'unknown',
          lines: { all: clients, waiting: fromLeader('bulwark_redis_blocked_clients') },
          colors: { all: 'blue', waiting: 'text' },
        }),
      ],
    },
    {
      title: 'Work',
      panels: [
        series({
          title: 'Commands',
          description: 'Commands that Redis ran for all its clients, a second.',
          unit: 'ops',
          empty: 'unknown',
          lines: { commands: `sum(${perSecond('bulwark_redis_commands_total')})` },
          colors: { commands: 'blue' },
        }),
        series({
          title: 'Round trip of the leader',
          description:
            'How long Redis took to answer the leader. It holds everybody up alike: Redis runs one command at a time.',
          unit: 's',
          empty: 'unknown',
          lines: {
            p50: percentile(0.5, 'bulwark_redis_round_trip_seconds_bucket'),
            p99: percentile(0.99, 'bulwark_redis_round_trip_seconds_bucket'),
          },
          colors: percentileColors,
        }),
        series({
          title: 'Errors by kind',
          description:
            'Failures that processes saw on their connection. Connection: lost or refused. Timeout: no answer. Command: an error as the answer, such as OOM when memory is full.',
          unit: 'ops',
          bars: true,
          lines: {
            '{{role}} {{kind}}': orNone(`sum by (role, kind) (${perSecond('bulwark_redis_errors_total')}) > 0`, 'kind'),
          },
        }),
      ],
    },
    {
      title: 'Settings',
      panels: [
        table({
          title: 'Eviction policy',
          description: 'What Redis deletes when its memory is full. Anything but noeviction loses jobs.',
          unit: 'short',
          empty: 'unknown',
          width: 12,
          height: 5,
          rows: { policy: 'maxmemory-policy' },
          columns: { 'Seen by': { expr: 'count by (policy) (bulwark_redis_eviction_policy)' } },
        }),
        series({
          title: 'Broken jobs',
          description:
            'Jobs found in no place or in several, which only a Redis that lost writes leaves behind, and what was done with them.',
          unit: 'short',
          width: 12,
          height: 5,
          bars: true,
          lines: {
            '{{fault}} {{decision}}': orNone(
              `sum by (fault, decision) (${inInterval('bulwark_half_written_jobs_total')})`,
              'fault',
            ),
          },
        }),
      ],
    },
  ],
};
