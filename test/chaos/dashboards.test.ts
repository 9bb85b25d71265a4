import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { liveThroughBadDay } from '../../bench/bad-day/bad-day.js';
import { type PanelQuery, panelQueries } from '../../bench/bad-day/panel-queries.js';
import { findPrometheus, Prometheus, type Series } from '../../bench/bad-day/prometheus.js';
import { missingProgram } from '../support/missing-program.js';
import { startRedis } from '../support/redis-server.js';

const program = findPrometheus();
if (!program) missingProgram('prometheus', 'nobody knows whether the panels have answers');

/** What may be nothing but zero on such a day, and why. */
const quiet: Readonly<Record<string, string>> = {
  'Queues now': 'no queue is paused; the other columns are not zero',
  'Kinds now': 'not every kind is set aside',
  'Gives jobs': 'nobody pauses a queue',
  'Dead letters by reason (dropped for {{reason}})': 'dead letters are kept for longer than a day',
  'Known by their key (not run: {{verdict}})': 'a job with a known key is not even enqueued',
  'Stuck fetches': 'a connection that stands without an answer is not among the troubles',
  'Stuck fetches by action ({{action}})': 'the same',
  'Leases lost': 'nobody is taken for dead who lives',
  'Retry budget': 'the budget is larger than the trouble',
  'Broken jobs': 'Bulwark breaks none',
  'Broken jobs ({{fault}} {{decision}})': 'the same',
  'Failing service runs ({{role}} {{service}})': 'what is tried again in time has not failed',
  'When it is full': 'Redis is set up as it must be',
  'Deleted keys': 'the same',
  'Written to disk': 'the same',
  'Results removed early ({{queue}})': 'Redis has room',
};

/** What may have no answer on such a day, and why; test/contract/panel-values.test.ts looks at it by itself. */
const unread: Readonly<Record<string, string>> = {
  'Decisions written down':
    'their number is read by a new leader and once a minute, and is compared with what it was before',
};

/** Ratios that may be more than one. */
const beyondOne: Readonly<Record<string, string>> = {
  'Promise used': 'a job can wait for longer than it may',
  'Promise used by queue': 'the same',
  'Queues now': 'it has the promise in it',
  'Processor by process': 'a process has threads',
  'Workers now': 'it has the processor in it',
};

/** What no value of a unit comes near on a day of minutes: beyond it something was divided by nothing or counted twice. */
const most: Readonly<Record<string, number>> = { s: 3_600, ops: 100_000, short: 1_000_000, bytes: 2 ** 40 };

const beyondMost: Readonly<Record<string, string>> = {
  'Done in': 'where nothing ends, what waits is never done',
  'Workers now': 'its columns have units of their own',
};

/**
 * Broken: a worker, a dependency, the load and the leader, one after the other. Holds: every query of every panel has an answer, and the answers
 * can be true; and every rule can be evaluated at any time of that day.
 */
it.skipIf(!program)('every panel shows what happens on a bad day', { timeout: 180_000 }, async ({ annotate }) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-prometheus-'));
  const redis = await startRedis({
    appendOnly: true,
    directives: { maxmemory: '512mb', 'maxmemory-policy': 'noeviction' },
  });
  const root = new URL('../../', import.meta.url);
  const prometheus = await Prometheus.start(program ?? '', folder, root);
  onTestFinished(async () => {
    await prometheus.stop();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const troubles: string[] = [];
  const onTrouble = (what: string) =>
    troubles.push(`${(Date.now() / 1_000 - prometheus.startedAt).toFixed(0)} s: ${what}`);

  await liveThroughBadDay({
    root,
    redisUrl: redis.url,
    server: redis,
    prometheus,
    calmMs: 500,
    onTrouble,
  });
  const end = Date.now() / 1_000;
  const queries = panelQueries({ rangeS: end - prometheus.startedAt, rateS: 5 });
  const answers = await Promise.all(
    queries.map(async (query) => ({
      query,
      // Also what a table shows of the last moment alone: that may be the one in which leaders change.
      series: await prometheus.queryRange(query.expr, prometheus.startedAt, end, 1),
    })),
  );

  expect(answers.flatMap(({ query, series }) => faultsOf(query, series))).toEqual([]);
  expect(await prometheus.ruleFaults()).toEqual([]);
  await annotate(`${queries.length} queries; ${troubles.join(', ')}`);
});

function faultsOf(query: PanelQuery, series: readonly Series[]): string[] {
  const { board, panel, legend, unit } = query;
  const title = `${panel}${legend && legend !== panel ? ` (${legend})` : ''}`;
  const name = `${board}: ${title}`;
  const values = series
    .flatMap((one) => one.values.map(([, value]) => Number(value)))
    .filter((value) => !Number.isNaN(value));
  if (panel in unread && values.every((value) => value === 0)) return [];
  if (values.length === 0) return [`${name} has no answer to ${query.expr}`];
  return [
    ...(values.some((value) => value < 0) ? [`${name} is below zero`] : []),
    ...(unit === 'percentunit' && !(panel in beyondOne) && values.some((value) => value > 1)
      ? [`${name} is above one`]
      : []),
    ...(values.some((value) => value > (most[unit] ?? Number.POSITIVE_INFINITY)) && !(panel in beyondMost)
      ? [`${name} is beyond ${most[unit]} ${unit}`]
      : []),
    ...(values.every((value) => value === 0) && !(title in quiet) ? [`${name} never is anything but zero`] : []),
  ];
}
