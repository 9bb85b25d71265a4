import type { AcquiredServer } from '../../redis/server/acquire-server.js';
import { bulwarkVersion } from '../../telemetry/version.js';
import type { ReadyReport } from '../process/ready-report.js';
import type { PoolReports } from './keeper.js';

const labelWidth = 12;

export interface Welcome {
  readonly redis: Pick<AcquiredServer, 'kind' | 'description'>;
  readonly reports: PoolReports;
  /** Flags without which another command would not find this pool. */
  readonly reach: readonly string[];
}

/** What a newcomer wants to see when the pool is up: what runs where, and what to try next. */
export function welcomeText({ redis, reports, reach }: Welcome): string {
  const processes: readonly [string, ReadyReport | undefined][] = [
    ['Supervisor', reports.supervisor],
    ...reports.workers.map((report, index): [string, ReadyReport | undefined] => [`Worker ${index + 1}`, report]),
  ];
  const ready = processes.every(([, report]) => report !== undefined);
  const waiting = redis.kind === 'embedded' ? 'waiting ones are lost' : 'waiting ones are kept';
  return [
    '',
    `Bulwark ${bulwarkVersion} is up${ready ? '' : ', in part'}. Ctrl-C stops it: running jobs are finished, ${waiting}.`,
    '',
    line('Redis', redis.description),
    ...processes.map(([name, report]) => line(name, processText(report))),
    line('Kinds', kindsText(reports)),
    '',
    'Try in another terminal, in this folder:',
    ...suggestions(reports).map((command) => `  ${['npx bulwark', command, ...reach].join(' ')}`),
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

function kindsText(reports: PoolReports): string {
  return (
    kindsOf(reports)
      .map(({ kind, queue }) => `${kind} (queue ${queue})`)
      .join(', ') || 'not known yet'
  );
}

/** A first job can only be suggested of the kind that ships and needs nothing but files. */
function suggestions(reports: PoolReports): string[] {
  const digests = kindsOf(reports).some(({ kind }) => kind === 'document-digest');
  return [...(digests ? ["enqueue document-digest --glob '**/*.md' --wait"] : []), 'status'];
}

function kindsOf({ workers }: PoolReports): ReadyReport['kinds'] {
  return workers.find((worker) => worker !== undefined)?.kinds ?? [];
}
