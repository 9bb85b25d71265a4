/** Where the links of panels lead. They keep the time shown and the data source. */

// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how Grafana writes its variables
const kept = '${__url_time_range}&${datasource:queryparam}&${job:queryparam}';

export interface PanelLink {
  readonly title: string;
  readonly url: string;
}

const toBoard = (uid: string, title: string, choice = ''): PanelLink => ({
  title,
  url: `/d/${uid}?${kept}${choice}`,
});

/** From a line or a cell that is about one queue to that queue. */
export const toQueue = (value: string): PanelLink => toBoard('bulwark-queue', 'This queue', `&var-queue=${value}`);
export const toInstance = (value: string): PanelLink =>
  toBoard('bulwark-workers', 'This process', `&var-instance=${value}`);
export const toWorkers = toBoard('bulwark-workers', 'Workers');
export const toResilience = toBoard('bulwark-resilience', 'Resilience');
export const toRedis = toBoard('bulwark-redis', 'Redis');

/** A label of the line that was clicked. */
export const label = (name: string): string => `\${__field.labels.${name}}`;
/** A column of the row that was clicked. */
export const column = (name: string): string => `\${__data.fields["${name}"]}`;
