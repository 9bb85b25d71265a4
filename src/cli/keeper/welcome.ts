import { bulwarkVersion } from '../../telemetry/version.js';
import type { ReadyReport } from '../process/ready-report.js';
import type { PoolReports } from './keeper.js';

const labelWidth = 12;

/** What a newcomer wants to see when the pool is up: what runs where, and what to try next. */
export function welcomeText(redis: string, reports: PoolReports): string {
  const processes: readonly [string, ReadyReport | undefined][] = [
    ['Supervisor', reports.supervisor],
    ...reports.workers.map((report, index): [string, ReadyReport | undefined] => [`Worker ${index + 1}`, report]),
  ];
  const ready = processes.every(([, report]) => report !== undefined);
  return [
    '',
    `Bulwark ${bulwarkVersion} is up${ready ? '' : ', in part'}. Ctrl-C stops it: running jobs are finished, waiting ones are kept.`,
    '',
    line('Redis', redis),
    ...processes.map(([name, report]) => line(name, processText(report))),
    line('Kinds', kindsText(reports)),
    '',
    'Try in another terminal, in this folder:',
    "  npx bulwark enqueue document-digest --glob '**/*.md' --wait",
    '  npx bulwark status',
    '',
  ].join('\n');
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(labelWidth)}${text}`;
}

function processText(report: ReadyReport | undefined): string {
  if (report === undefined) return 'not ready yet: the log says why';
  return `pid ${report.pid}${report.http === null ? '' : `, ${report.http}/metrics`}`;
}

function kindsText({ workers }: PoolReports): string {
  const kinds = workers.find((worker) => worker !== undefined)?.kinds ?? [];
  return kinds.map(({ kind, queue }) => `${kind} (queue ${queue})`).join(', ') || 'not known yet';
}
