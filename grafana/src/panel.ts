import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { DashboardLinkBuilder, type GridPos, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat, QueryEditorMode } from '@grafana/grafana-foundation-sdk/prometheus';
import { namesTraces } from './exemplars.js';
import type { PanelLink } from './links.js';
import { type Choice, scope } from './scope.js';

/** What every panel says of itself. */
export interface PanelBasics {
  readonly title: string;
  /** What it shows and what to make of it, in sentences. */
  readonly description: string;
  /** As Grafana calls it: `s`, `percentunit`, `ops`, `short`, `bytes`. */
  readonly unit: string;
  /** In columns of 24. */
  readonly width?: number;
  readonly height?: number;
  /** What stands there while there is nothing to show. */
  readonly empty?: string;
}

/** A panel that has no place and no number yet. */
export interface UnplacedPanel {
  readonly width: number;
  readonly height: number;
  place(id: number, position: GridPos, choices: readonly Choice[]): Panel;
}

/** What the builders of all kinds of panels have in common. */
interface PanelBuilder extends Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  noValue(text: string): this;
  datasource(source: { type: string; uid: string }): this;
  gridPos(position: GridPos): this;
  targets(targets: DataqueryBuilder[]): this;
}

/** One query of a panel. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** The last value alone, instead of a line through the time shown. */
  readonly instant?: boolean;
  readonly isTable?: boolean;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how Grafana writes its variables
export const datasource = { type: 'prometheus', uid: '${datasource}' } as const;

/** Gives a panel what all panels have: its place, its number, its words, and queries that follow what the reader chose. */
export function unplaced(
  basics: PanelBasics,
  size: { readonly width: number; readonly height: number },
  queries: readonly Query[],
  build: () => PanelBuilder,
): UnplacedPanel {
  return {
    width: basics.width ?? size.width,
    height: basics.height ?? size.height,
    place: (id, position, choices) =>
      build()
        .id(id)
        .title(basics.title)
        .description(basics.description)
        .unit(basics.unit)
        .noValue(basics.empty ?? 'nothing yet')
        .datasource(datasource)
        .gridPos(position)
        .targets(queries.map((query, index) => targetOf(query, index, choices)))
        .build(),
  };
}

export const linksOf = (links: readonly PanelLink[]): DashboardLinkBuilder[] =>
  links.map(({ title, url }) => new DashboardLinkBuilder(title).url(url));

function targetOf({ expr, legend, instant, isTable }: Query, index: number, choices: readonly Choice[]) {
  const target = new DataqueryBuilder()
    .refId(refIdOf(index))
    .datasource(datasource)
    .expr(scope(expr, choices))
    .legendFormat(legend)
    .editorMode(QueryEditorMode.Code);
  if (isTable) target.format(PromQueryFormat.Table);
  if (instant) return target.instant();
  return namesTraces(expr) ? target.range().exemplar(true) : target.range();
}

/** The letter that Grafana gives a query: columns of a table are found by it. */
export const refIdOf = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index);
