import { type BarsPanel, bars } from './bars.js';
import { label, toQueue, toResilience, toWorkers } from './links.js';
import {
  betterNone,
  fillsUp,
  mustBeNone,
  outcomeColors,
  percentileColors,
  placeColors,
  plain,
  type Steps,
  workerColors,
} from './look.js';
import type { UnplacedPanel } from './panel.js';
import {
  failingShare,
  fromLeader,
  inRange,
  jobsIn,
  jobsIn1s,
  jobsOut,
  metShare,
  orNone,
  orZero,
  percentile,
  perSecond,
  promiseUsed,
} from './promql.js';
import { type SeriesPanel, series } from './series.js';
import { type StatPanel, stat } from './stat.js';

/** Panels that stand on several dashboards and say the same everywhere. */

type Changes<Spec> = Partial<Spec>;

/** The jobs of a queue that have not ended. */
const unfinished = 'waiting|prioritized|delayed|active|waiting-children';
export const ready = 'waiting|prioritized';

/** The objective that most queues are run by. */
const objective: Steps = ['red', [0.95, 'yellow'], [0.99, 'green']];

export const inTimeStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'In time',
    description:
      'Share of jobs that started within the slo of their queue, over the time shown. Alerts fire by how fast the budget of late jobs is used up.',
    unit: 'percentunit',
    decimals: 1,
    empty: 'no jobs',
    expr: metShare('bulwark_jobs_waited_total', 'in_time', '$__range'),
    steps: objective,
    ...changes,
  });

export const promiseStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'Promise used',
    description:
      'How much of the time it may wait the oldest job has used up, in the queue that is worst off. At 100 % users notice. The promise is the slo of defineQueue.',
    unit: 'percentunit',
    decimals: 0,
    empty: 'unknown',
    expr: `max(${promiseUsed})`,
    steps: fillsUp,
    ...changes,
  });

export const waitingStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'Waiting',
    description: 'Jobs that could run now and have no slot yet. Jobs with a later due time are not in it.',
    unit: 'short',
    empty: 'unknown',
    expr: jobsIn(ready),
    steps: plain,
    ...changes,
  });

export const failingStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'Failing attempts',
    description:
      'Share of attempts that ended in an error, whether they will be tried again or not. Attempts that were interrupted or set aside count as neither.',
    unit: 'percentunit',
    decimals: 1,
    empty: 'no attempts',
    expr: failingShare,
    steps: ['green', [0.05, 'yellow'], [0.2, 'red']],
    ...changes,
  });

export const aliveStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'Workers',
    description:
      'Workers whose heartbeat the leading supervisor sees. Unknown: no supervisor leads, or none is scraped.',
    unit: 'short',
    empty: 'unknown',
    expr: fromLeader('bulwark_workers{state="alive"}'),
    steps: ['red', [1, 'green']],
    words: { 0: ['none', 'red'] },
    link: toWorkers,
    ...changes,
  });

export const breakersStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'Breakers',
    description:
      'Dependencies that are not called as usual, because their breaker is open, half-open or isolated. `bulwark breaker ls` names them; docs/breakers.md says what to do.',
    unit: 'short',
    expr: orZero('sum(max by (breaker) (bulwark_breaker_state{state!="closed"}))'),
    steps: mustBeNone,
    words: { 0: ['all closed', 'green'], 1: ['1 open', 'red'], 2: ['2 open', 'red'], 3: ['3 open', 'red'] },
    link: toResilience,
    ...changes,
  });

export const shedStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'Shedding',
    description:
      'Which part of what arrives gives way, so that important work is in time. `bulwark shed show` says why; docs/overload.md what to do.',
    unit: 'percentunit',
    decimals: 0,
    empty: 'unknown',
    expr: fromLeader('bulwark_shed_level'),
    steps: ['green', [0.001, 'yellow'], [0.5, 'red']],
    words: { 0: ['nothing', 'green'] },
    link: toResilience,
    ...changes,
  });

export const leaderStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'Leader',
    description:
      'Whether exactly one supervisor leads. None: nothing is repaired until a standby takes over, which takes seconds. Several for more than one scrape: look at the clocks and at the connection to Redis.',
    unit: 'short',
    empty: 'no supervisor',
    expr: 'sum(bulwark_supervisor_leader)',
    steps: ['red', [1, 'green'], [2, 'red']],
    words: { 0: ['nobody leads', 'red'], 1: ['one leads', 'green'], 2: ['two lead', 'red'] },
    link: toResilience,
    ...changes,
  });

export const newDeadStat = (changes: Changes<StatPanel> = {}): UnplacedPanel =>
  stat({
    title: 'New dead letters',
    description:
      'Jobs that were dead-lettered in the time shown. `bulwark dlq ls` says which and why, and nothing of them is lost.',
    unit: 'short',
    decimals: 0,
    expr: orZero(`sum(${inRange('bulwark_dead_letters_total')})`),
    steps: betterNone,
    words: { 0: ['none', 'green'] },
    ...changes,
  });

export const throughput = (changes: Changes<SeriesPanel> = {}): UnplacedPanel =>
  series({
    title: 'Throughput in and out',
    description:
      'Jobs that came and jobs that ended, a second. When `in` stays above `out` the backlog grows. `in` also sees what plain BullMQ enqueued: it is what ended and what the queues grew by.',
    unit: 'ops',
    lines: { in: jobsIn1s, out: jobsOut },
    colors: { in: 'blue', out: 'green' },
    ...changes,
  });

export const oldestWait = (changes: Changes<SeriesPanel> = {}): UnplacedPanel =>
  series({
    title: 'Oldest wait against promise',
    description: 'How long the oldest job that could run has been waiting, by queue; dashed is how long it may.',
    unit: 's',
    lines: {
      '{{queue}}': fromLeader('bulwark_queue_oldest_job_age_seconds', ['queue']),
      '{{queue}} promise': fromLeader('bulwark_queue_slo_seconds', ['queue']),
    },
    bounds: '/promise$/',
    link: toQueue(label('queue')),
    ...changes,
  });

export const waitPercentiles = (changes: Changes<SeriesPanel> = {}): UnplacedPanel =>
  series({
    title: 'Wait before start',
    description: 'How long jobs waited from when they could run until their attempt started: half of them at most p50.',
    unit: 's',
    empty: 'no job has started',
    lines: {
      p50: percentile(0.5, 'bulwark_job_wait_seconds_bucket'),
      p95: percentile(0.95, 'bulwark_job_wait_seconds_bucket'),
      p99: percentile(0.99, 'bulwark_job_wait_seconds_bucket'),
    },
    colors: percentileColors,
    ...changes,
  });

export const workersByState = (changes: Changes<SeriesPanel> = {}): UnplacedPanel =>
  series({
    title: 'Workers by state',
    description:
      'What the leader thinks of each worker. Blocked: its event loop hangs, its jobs are safe. Suspect: its heartbeat is late. Dead: its jobs are put back. Dashed is how many the autoscaler wants.',
    unit: 'short',
    lines: {
      '{{state}}': fromLeader('bulwark_workers', ['state']),
      'wanted by {{group}}': fromLeader('bulwark_desired_workers', ['group']),
    },
    colors: workerColors,
    bounds: '/^wanted/',
    link: toWorkers,
    ...changes,
  });

export const unfinishedByState = (changes: Changes<SeriesPanel> = {}): UnplacedPanel =>
  series({
    title: 'Unfinished jobs by state',
    description:
      'Where jobs are that have not ended. Delayed ones are retries, jobs set aside and jobs enqueued for later.',
    unit: 'short',
    lines: { '{{state}}': jobsIn(unfinished, ['state']) },
    colors: placeColors,
    ...changes,
  });

export const attemptsByOutcome = (changes: Changes<SeriesPanel> = {}): UnplacedPanel =>
  series({
    title: 'Attempts by outcome',
    description:
      'How attempts end. Retried ones run again; parked ones wait for a breaker or for less load and have used up nothing; dead-lettered ones need a decision.',
    unit: 'ops',
    lines: { '{{outcome}}': orNone(`sum by (outcome) (${perSecond('bulwark_job_attempts_total')})`, 'outcome') },
    colors: outcomeColors,
    ...changes,
  });

export const mostDeadLetters = (changes: Changes<BarsPanel> = {}): UnplacedPanel =>
  bars({
    title: 'Most dead letters',
    description: 'The ten kinds and reasons with most new dead letters in the time shown.',
    unit: 'short',
    empty: 'none',
    expr: `topk(10, sum by (queue, kind, reason) (${inRange('bulwark_dead_letters_total')}) > 0)`,
    legend: '{{queue}} {{kind}}: {{reason}}',
    steps: ['orange'],
    ...changes,
  });
