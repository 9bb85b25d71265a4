/** Expressions that many panels share. Every window is `$__rate_interval`, which Grafana makes four scrapes long or more. */

export const perSecond = (series: string): string => `rate(${series}[$__rate_interval])`;

/**
 * What a counter of rare things grew by. `increase` does not see the first one, with which a series begins, and of what should never happen
 * the first one is the one that matters: until the series is as old as the window, its highest value is what it grew by, also when its process
 * has ended.
 */
const grew = (series: string, window: string): string =>
  `((max_over_time(${series}[${window}]) unless ${series} offset ${window}) or increase(${series}[${window}]))`;

/** What a counter grew by in the whole time shown. */
export const inRange = (series: string): string => grew(series, '$__range');

/** What a counter grew by from one point of a graph to the next. */
export const inInterval = (series: string): string => grew(series, '$__rate_interval');

/** A percentile of a histogram, from 0 to 1, of all its series or by some labels. */
export function percentile(ratio: number, histogram: string, by: readonly string[] = []): string {
  return `histogram_quantile(${ratio}, sum by (${['le', ...by].join(', ')}) (${perSecond(histogram)}))`;
}

/** Zero while the counter does not exist: what never happened has no series. */
export const orZero = (expr: string): string => `(${expr}) or vector(0)`;

/** The same for an expression that keeps a label: the line is called `none` there. */
export const orNone = (expr: string, label: string): string =>
  `${expr} or on() label_replace(vector(0), "${label}", "none", "", "")`;

/** A gauge that the leader alone exports. During a change of leaders two may, for one scrape. */
export const fromLeader = (gauge: string, by: readonly string[] = []): string =>
  by.length === 0 ? `max(${gauge})` : `max by (${by.join(', ')}) (${gauge})`;

/**
 * What a number grew by that the leader alone reads, from one point of a graph to the next. A supervisor that does not lead, or has not read
 * it yet, says 0: `delta` would take a new leader for growth. `known` is above 0 as soon as the number was read.
 */
export function grewAtLeader(gauge: string, known = gauge): string {
  const at = (moment: string) => `max(${gauge}${moment} and ${known}${moment} > 0)`;
  return `clamp_min(${at('')} - ${at(' offset $__rate_interval')}, 0)`;
}

/** Jobs of all queues in some states, as the leader counted them. */
export const jobsIn = (states: string, by: readonly string[] = []): string =>
  `sum${by.length === 0 ? '' : ` by (${by.join(', ')})`} (${fromLeader(`bulwark_queue_jobs{state=~"${states}"}`, ['queue', 'state'])})`;

/** The share of attempts that ended in an error; those that were interrupted or set aside count as neither. */
export const failingShare =
  `(sum(${perSecond('bulwark_job_attempts_total{outcome=~"retried|dead_lettered"}')}) or vector(0))` +
  ` / (sum(${perSecond('bulwark_job_attempts_total{outcome=~"completed|retried|dead_lettered"}')}) > 0)`;

/** Which part of the jobs met an objective, over a window: `bulwark_jobs_waited_total` in time, `bulwark_jobs_ended_total` with success. */
export function metShare(counter: string, good: string, window: string, by: readonly string[] = []): string {
  const sum = by.length === 0 ? 'sum' : `sum by (${by.join(', ')})`;
  const growth = (series: string) => `${sum} (rate(${series}[${window}]))`;
  return `${growth(`${counter}{result="${good}"}`)} / (${growth(counter)} > 0)`;
}

const oldestWait = fromLeader('bulwark_queue_oldest_job_age_seconds', ['queue']);
const promise = fromLeader('bulwark_queue_slo_seconds', ['queue']);

/** How much of the time that it may wait the oldest job of each queue has used up. */
export const promiseUsed = `${oldestWait} / on (queue) ${promise}`;

/** Jobs that ended in a second, one way or the other. */
export const jobsOut =
  `(sum(${perSecond('bulwark_job_attempts_total{outcome="completed"}')}) or vector(0))` +
  ` + (sum(${perSecond('bulwark_dead_letters_total')}) or vector(0))`;

/** Jobs that came in a second: those that ended and those by which the queues grew. It sees also what plain BullMQ wrote. */
export const jobsIn1s =
  `clamp_min(${jobsOut} + ` +
  'sum(deriv(bulwark_queue_jobs{state=~"waiting|prioritized|delayed|active|waiting-children"}[$__rate_interval])), 0)';
