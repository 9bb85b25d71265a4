import { metricTable } from '../../src/telemetry/metric-table.js';
import type { Board } from './board.js';
import { betterNone, classColors, mustBeNone, plain } from './look.js';
import {
  fromLeader,
  grewAtLeader,
  inInterval,
  inRange,
  jobsIn,
  orNone,
  orZero,
  percentile,
  perSecond,
} from './promql.js';
import { series } from './series.js';
import { breakersStat, leaderStat, newDeadStat, shedStat } from './shared.js';
import { stat } from './stat.js';
import { timeline } from './timeline.js';

const scaleReasons = metricTable.scaleReason.labels.reason;
const reasonColors: Readonly<Record<(typeof scaleReasons)[number], string>> = {
  idle: 'text',
  minimum: 'light-green',
  demand: 'green',
  backlog: 'yellow',
  late: 'orange',
  unmeasured: 'light-blue',
  breaker_open: 'red',
  redis_pressure: 'dark-red',
  stabilizing: 'blue',
  operator: 'purple',
};

const breakerPhase =
  'max by (breaker) (0 * bulwark_breaker_state{state="closed"} or 1 * (bulwark_breaker_state{state="half_open"} > 0)' +
  ' or 2 * (bulwark_breaker_state{state="open"} > 0) or 3 * (bulwark_breaker_state{state="isolated"} > 0))';

export const resilience: Board = {
  uid: 'bulwark-resilience',
  title: 'Bulwark resilience',
  description:
    'What the pool does about trouble: breakers, shedding, recovery of jobs, retries, and how many workers it wants.',
  choices: ['queue', 'breaker'],
  rows: [
    {
      title: 'Is it healthy?',
      panels: [
        breakersStat(),
        stat({
          title: 'Set aside',
          description:
            'Jobs that wait for a breaker to close. They have used up no attempt and come back by themselves.',
          unit: 'short',
          expr: orZero(`sum(${fromLeader('bulwark_breaker_parked_jobs', ['breaker'])})`),
          steps: betterNone,
          words: { 0: ['none', 'green'] },
        }),
        shedStat(),
        stat({
          title: 'Recovered jobs',
          description: 'Jobs of workers that died, put back in the time shown. Many: something kills workers.',
          unit: 'short',
          decimals: 0,
          expr: orZero(`sum(${inRange('bulwark_orphaned_jobs_total')})`),
          steps: plain,
          words: { 0: ['none', 'green'] },
        }),
        newDeadStat(),
        stat({
          title: 'Retry budget',
          description:
            'Share of retries that found the budget of their dependency empty and were postponed. A full budget spares a dependency that is down.',
          unit: 'percentunit',
          decimals: 0,
          empty: 'no retries',
          expr: `(sum(${perSecond('bulwark_retry_budget_verdicts_total{verdict!="taken"}')}) or vector(0)) / (sum(${perSecond('bulwark_retry_budget_verdicts_total')}) > 0)`,
          steps: ['green', [0.01, 'yellow'], [0.5, 'orange']],
          words: { 0: ['enough', 'green'] },
        }),
        stat({
          title: 'Broken jobs',
          description:
            'Jobs found in no place or in several, in the time shown, which should never be. They were repaired; tell us.',
          unit: 'short',
          decimals: 0,
          expr: orZero(`sum(${inRange('bulwark_half_written_jobs_total')})`),
          steps: mustBeNone,
          words: { 0: ['none', 'green'] },
        }),
        leaderStat(),
      ],
    },
    {
      title: 'Breakers',
      panels: [
        timeline({
          title: 'Breakers over time',
          description:
            'The state of each breaker of the fleet. Open: the dependency is not called. Half open: a few calls try it. Isolated: an operator said so. A breaker that has not opened lately has no row.',
          unit: 'short',
          height: 5,
          empty: 'no breaker has opened lately',
          expr: breakerPhase,
          legend: '{{breaker}}',
          words: { 0: ['closed', 'green'], 1: ['half open', 'yellow'], 2: ['open', 'red'], 3: ['isolated', 'purple'] },
        }),
        series({
          title: 'Calls by result',
          description:
            'Calls through `ctx.call`. Ignored ones say nothing about the dependency, such as an expected no. Rejected ones were not made.',
          unit: 'ops',
          empty: 'no dependency is called',
          lines: { '{{result}}': `sum by (result) (${perSecond('bulwark_breaker_calls_total')})` },
          colors: { success: 'green', failure: 'red', ignored: 'text', rejected: 'orange' },
        }),
        series({
          title: 'Call time',
          description: '95 of 100 calls of a dependency took no longer, whether they succeeded or not.',
          unit: 's',
          empty: 'no dependency is called',
          lines: { '{{dependency}}': percentile(0.95, 'bulwark_dependency_call_seconds_bucket', ['dependency']) },
        }),
        series({
          title: 'Jobs set aside by breakers',
          description: 'Jobs that wait for a breaker, and those brought back a second since it lets calls through.',
          unit: 'short',
          lines: {
            '{{breaker}}': orNone(fromLeader('bulwark_breaker_parked_jobs', ['breaker']), 'breaker'),
            'brought back, a second': orZero(`sum(${perSecond('bulwark_breaker_returned_jobs_total')})`),
          },
        }),
        series({
          title: 'Breaker transitions',
          description:
            'Breakers that changed their state. One that opens and closes again and again: its dependency is half dead, or its limits are too tight.',
          unit: 'short',
          width: 12,
          height: 7,
          bars: true,
          lines: {
            '{{breaker}} {{to}}': orNone(
              `sum by (breaker, to) (${inInterval('bulwark_breaker_transitions_total')})`,
              'to',
            ),
          },
        }),
        series({
          title: 'Failing calls by dependency',
          description: 'Calls that failed or timed out, by dependency.',
          unit: 'short',
          bars: true,
          width: 12,
          height: 7,
          empty: 'no dependency is called',
          lines: {
            '{{dependency}} {{result}}': orNone(
              `sum by (dependency, result) (${inInterval('bulwark_dependency_call_seconds_count{result!="ok"}')})`,
              'result',
            ),
          },
        }),
      ],
    },
    {
      title: 'Shedding',
      panels: [
        series({
          title: 'Share that gives way',
          description: 'Which part of what arrives gives way. It grows by at most 15 % a second and falls by 5 %.',
          unit: 'percentunit',
          max: 1,
          lines: {
            'of all': fromLeader('bulwark_shed_level'),
            'of {{criticality}}': fromLeader('bulwark_shed_class_ratio', ['criticality']),
          },
          colors: {
            'of all': 'text',
            ...Object.fromEntries(Object.entries(classColors).map(([name, color]) => [`of ${name}`, color])),
          },
          bounds: '/^of all$/',
        }),
        series({
          title: 'Jobs that gave way by action',
          description:
            'Refused ones were never accepted, degraded ones ran their fallback, delayed and parked ones come back.',
          unit: 'short',
          bars: true,
          lines: {
            '{{action}}': orNone(`sum by (action) (${inInterval('bulwark_jobs_shed_total')})`, 'action'),
          },
          colors: { refused: 'red', degraded: 'yellow', delayed: 'blue', parked: 'purple' },
        }),
        series({
          title: 'Jobs that gave way by class',
          description: 'A class gives way only after every class behind it has.',
          unit: 'short',
          bars: true,
          lines: {
            '{{criticality}}': orNone(`sum by (criticality) (${inInterval('bulwark_jobs_shed_total')})`, 'criticality'),
          },
          colors: classColors,
        }),
      ],
    },
    {
      title: 'Recovery',
      panels: [
        timeline({
          title: 'Who leads',
          description:
            'Which supervisor led when. A gap longer than seconds: nothing was repaired, and workers went on with their last orders.',
          unit: 'short',
          width: 12,
          height: 6,
          empty: 'no supervisor',
          expr: 'max by (instance) (bulwark_supervisor_leader)',
          legend: '{{instance}}',
          words: { 0: ['stands by', 'text'], 1: ['leads', 'green'] },
        }),
        series({
          title: 'Elections',
          description:
            'The number of the last election. Each step is a new leader; many steps: supervisors die or cannot reach Redis.',
          unit: 'short',
          width: 12,
          height: 6,
          lines: { epoch: 'max(bulwark_supervisor_epoch)' },
          colors: { epoch: 'purple' },
        }),
        series({
          title: 'Recovered jobs by decision',
          description:
            'Jobs of workers that died. Requeued ones run again at once; quarantined ones run alone, since they may be why their worker died; dead-lettered ones took several workers down.',
          unit: 'short',
          bars: true,
          lines: {
            '{{decision}}': orNone(`sum by (decision) (${inInterval('bulwark_orphaned_jobs_total')})`, 'decision'),
          },
          colors: { requeued: 'green', quarantined: 'orange', dead_lettered: 'red' },
        }),
        series({
          title: 'Workers that died',
          description:
            'Workers that ended without saying farewell. Exited: their connections to Redis were gone. Silent: they stopped beating, alone or many at once.',
          unit: 'short',
          bars: true,
          lines: { '{{how}}': orNone(`sum by (how) (${inInterval('bulwark_worker_deaths_total')})`, 'how') },
          colors: { exited: 'red', silent: 'orange' },
        }),
        series({
          title: 'Dead letters kept',
          description: 'Dead letters that wait for a decision, by queue.',
          unit: 'short',
          lines: { '{{queue}}': jobsIn('dead_lettered', ['queue']) },
        }),
      ],
    },
    {
      title: 'Retries',
      panels: [
        series({
          title: 'Retries by their budget',
          description:
            'Jobs that were about to run again. Taken: the budget paid. Empty: the job is postponed, which fails nothing. Overdrawn: it could not wait.',
          unit: 'ops',
          width: 12,
          lines: {
            '{{verdict}}': orNone(`sum by (verdict) (${perSecond('bulwark_retry_budget_verdicts_total')})`, 'verdict'),
          },
          colors: { taken: 'green', empty: 'orange', overdrawn: 'red' },
        }),
        series({
          title: 'Retries by dependency',
          description: 'Whose failures make jobs run again; `-` stands for all other causes.',
          unit: 'ops',
          width: 12,
          lines: {
            '{{dependency}}': orNone(
              `sum by (dependency) (${perSecond('bulwark_retry_budget_verdicts_total')})`,
              'dependency',
            ),
          },
        }),
      ],
    },
    {
      title: 'Autoscaler',
      panels: [
        series({
          title: 'Workers wanted and there',
          description:
            'How many workers a group of queues wants, and how many take its jobs. Wanted above there for long: whoever starts them does not follow `/autoscale/v1/<group>`, or has reached its maximum. Needed is what the moment asks for, before it is steadied.',
          unit: 'short',
          width: 12,
          lines: {
            'there, {{group}}': fromLeader('bulwark_current_workers', ['group']),
            'wanted, {{group}}': fromLeader('bulwark_desired_workers', ['group']),
            'needed, {{group}}': fromLeader('bulwark_needed_workers', ['group']),
          },
          bounds: '/^(wanted|needed)/',
        }),
        series({
          title: 'Waiting by group',
          description: 'Jobs that could run now and have no slot yet, by the group whose workers take them.',
          unit: 'short',
          width: 12,
          lines: {
            '{{group}}': `sum by (group) (${jobsIn('waiting|prioritized', ['queue'])} * on (queue) group_left (group) ${fromLeader('bulwark_queue_group', ['queue', 'group'])})`,
          },
        }),
        timeline({
          title: 'Why so many',
          description:
            'What decides how many workers each group wants. Breaker open and Redis pressure: it needs more and must not have them, since they would press what fails even harder.',
          unit: 'short',
          height: 5,
          empty: 'no group is known',
          expr: `max by (group) (${scaleReasons.map((reason, index) => `${index} * (bulwark_scale_reason{reason="${reason}"} > 0)`).join(' or ')})`,
          legend: '{{group}}',
          words: Object.fromEntries(
            scaleReasons.map((reason, index) => [index, [reason.replaceAll('_', ' '), reasonColors[reason]]]),
          ),
        }),
      ],
    },
    {
      title: 'Decisions',
      panels: [
        series({
          title: 'Decisions written down',
          description:
            'How many entries the audit stream got, and how many gave way because a day was full. `bulwark audit tail` shows them.',
          unit: 'short',
          width: 24,
          height: 6,
          empty: 'unknown',
          lines: {
            written: grewAtLeader('bulwark_audit_entries'),
            'gave way': grewAtLeader('bulwark_audit_trimmed_entries', 'bulwark_audit_entries'),
          },
          colors: { written: 'blue', 'gave way': 'orange' },
        }),
      ],
    },
  ],
};
