import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { datasource, type UnplacedPanel } from './panel.js';
import { type Choice, scope } from './scope.js';

export interface Row {
  readonly title: string;
  readonly panels: readonly UnplacedPanel[];
}

export interface Board {
  /** Part of its address: never changed. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** What the reader can choose beside the data source and the scrape job. */
  readonly choices: readonly Exclude<Choice, 'job'>[];
  readonly rows: readonly Row[];
}

/** Every dashboard carries it: they find one another by it. */
const tag = 'bulwark';
const columns = 24;

/** What can be chosen of, and where Prometheus knows it from. */
const offers: Readonly<Record<Choice, { readonly label: string; readonly from: string }>> = {
  job: { label: 'Scrape job', from: 'bulwark_build_info' },
  instance: { label: 'Process', from: 'bulwark_worker_slots' },
  queue: { label: 'Queue', from: 'bulwark_queue_jobs' },
  kind: { label: 'Kind', from: 'bulwark_job_attempts_total' },
  breaker: { label: 'Breaker', from: 'bulwark_breaker_state' },
};

/** What happened when, over every graph: each is a reason why lines may change. */
const happenings = [
  {
    name: 'New leader',
    color: 'purple',
    expr: 'count((bulwark_supervisor_leader == 1) unless on (instance) (bulwark_supervisor_leader offset 30s == 1))',
    title: 'New leader',
  },
  {
    name: 'Process started',
    color: 'blue',
    expr: 'count by (role) ((time() - process_start_time_seconds{role=~"worker|supervisor"}) < 30)',
    title: 'A {{role}} started',
  },
  {
    name: 'Alert',
    color: 'red',
    expr: 'max by (alertname) (ALERTS{alertstate="firing", alertname=~"Bulwark.*"})',
    title: '{{alertname}}',
  },
] as const;

/** The JSON that Grafana reads. Model 41 is read by Grafana 11, 12 and 13. */
export function dashboardOf(board: Board): Dashboard {
  const choices: readonly Choice[] = ['job', ...board.choices];
  const dashboard = new DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.description)
    .tags([tag])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .variables([dataSourceVariable(), ...choices.map((choice) => variableOf(choice))])
    .links([linkToOthers()])
    .annotations(happenings.map(annotationOf))
    .build();
  return { ...dashboard, schemaVersion: 41, panels: layOut(board.rows, choices) };
}

/** Panels side by side as long as they fit, row after row. The third panel of the second row is number 203. */
function layOut(rows: readonly Row[], choices: readonly Choice[]): NonNullable<Dashboard['panels']> {
  const placed: NonNullable<Dashboard['panels']> = [];
  let top = 0;
  for (const [index, { title, panels }] of rows.entries()) {
    const number = 100 * (index + 1);
    placed.push({ ...new RowBuilder(title).build(), id: number, gridPos: { x: 0, y: top, w: columns, h: 1 } });
    top += 1;
    let [left, height] = [0, 0];
    for (const [place, panel] of panels.entries()) {
      if (left + panel.width > columns) [left, top, height] = [0, top + height, 0];
      const position = { x: left, y: top, w: panel.width, h: panel.height };
      placed.push(panel.place(number + place + 1, position, choices) satisfies Panel);
      left += panel.width;
      height = Math.max(height, panel.height);
    }
    top += height;
  }
  return placed;
}

const dataSourceVariable = () =>
  new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus').multi(false).includeAll(false);

function variableOf(choice: Choice): QueryVariableBuilder {
  const { label, from } = offers[choice];
  const query = `label_values(${choice === 'job' ? from : scope(from, ['job'])}, ${choice})`;
  return new QueryVariableBuilder(choice)
    .label(label)
    .datasource(datasource)
    .definition(query)
    .query({ query, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

const linkToOthers = () =>
  new DashboardLinkBuilder('Bulwark')
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(false)
    .keepTime(true)
    .includeVars(true);

const annotationOf = ({ name, color, expr, title }: (typeof happenings)[number]) =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(datasource)
    .enable(true)
    .hide(false)
    .iconColor(color)
    .expr(scope(expr, ['job']))
    .step('30s')
    .titleFormat(title);
