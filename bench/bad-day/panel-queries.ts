import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import { dashboards } from '../../grafana/src/dashboards.js';

/** One query of one panel, as Prometheus can answer it. */
export interface PanelQuery {
  readonly board: string;
  readonly panel: string;
  readonly unit: string;
  readonly legend: string;
  readonly expr: string;
}

export interface Shown {
  /** The time that is shown. */
  readonly rangeS: number;
  /** What Grafana would take for `$__rate_interval`. */
  readonly rateS: number;
}

/** All that all dashboards ask, for their panels and for what they draw over them, with everything chosen. */
export function panelQueries({ rangeS, rateS }: Shown): PanelQuery[] {
  const filledIn = (expr: string) =>
    expr
      .replaceAll('$__rate_interval', `${rateS}s`)
      .replaceAll('$__range', `${Math.ceil(rangeS)}s`)
      .replaceAll(/\$(job|instance|queue|kind|breaker)\b/g, '.+');
  return dashboards().flatMap(({ uid = '', panels = [], annotations }) => [
    ...panels.flatMap((panel) => {
      if (panel.type === 'row') return [];
      const { title = '', fieldConfig, targets = [] } = panel as Panel;
      return (targets as Dataquery[]).map(({ expr, legendFormat = '' }) => ({
        board: uid,
        panel: title,
        unit: fieldConfig?.defaults.unit ?? '',
        legend: legendFormat,
        expr: filledIn(expr),
      }));
    }),
    ...(annotations?.list ?? []).map(({ name, expr = '' }) => ({
      board: uid,
      panel: `annotation ${name}`,
      unit: '',
      legend: '',
      expr: filledIn(expr),
    })),
  ]);
}
