import type { DeadLetter } from '../../dead-letter/record.js';
import type { AttemptRecord } from '../../job/outcome.js';
import type { JobView } from '../../transport/queue-inspector.js';
import type { Format, Paint } from '../output.js';
import { counted, printable, spokenDuration } from '../wording.js';

type Line = readonly [label: string, value: string | undefined, format?: Format];

const labelWidth = 12;
const longestPayload = 2_000;
const longestValue = 500;

/** A job in its queue, as a page of text. */
export function renderJob(job: JobView, paint: Paint): string {
  const { meta } = job;
  return page(
    [
      ['job', job.id, 'bold'],
      ['queue', job.queue],
      job.state === 'unknown'
        ? ['state', 'in no state: the job is lost, see bulwark doctor', 'red']
        : ['state', job.state],
      ['kind', `${job.kind}${meta.version === undefined ? '' : `, version ${meta.version}`}`],
      ['key', meta.key],
      ['tenant', meta.tenant],
      ['enqueued', `${moment(job.enqueuedAt)}${meta.producer ? ` by ${meta.producer}` : ''}`],
      ['deadline', meta.deadline === undefined ? undefined : moment(meta.deadline)],
      [
        'started',
        job.startedAt === undefined ? undefined : `${moment(job.startedAt)}${job.worker ? ` by ${job.worker}` : ''}`,
      ],
      ['finished', job.finishedAt === undefined ? undefined : moment(job.finishedAt)],
      [
        'attempts',
        `${job.attemptsMade} used up, ${counted(job.starts, 'start')}${job.crashes > 0 ? `, ${counted(job.crashes, 'crash', 'crashes')}` : ''}`,
      ],
      ['set aside', job.parkedFor],
      ['progress', job.progress === undefined || job.progress === 0 ? undefined : compact(job.progress)],
      ['failed', job.failedReason || undefined, 'red'],
      ['result', job.state === 'completed' ? compact(job.result) : undefined],
    ],
    job.attempts,
    job.payload,
    paint,
  );
}

/** A dead letter, as a page of text. */
export function renderLetter(letter: DeadLetter, paint: Paint): string {
  const { error } = letter;
  return page(
    [
      ['dead letter', letter.deadId, 'bold'],
      ['job', letter.id === letter.deadId ? undefined : letter.id],
      ['queue', letter.queue],
      ['kind', `${letter.kind}${letter.version === undefined ? '' : `, version ${letter.version}`}`],
      ['key', letter.key],
      ['tenant', letter.tenant],
      ['enqueued', moment(letter.enqueuedAt)],
      ['died', `${moment(letter.diedAt)} by ${letter.by}`],
      ['reason', letter.reason, 'red'],
      ['error', `${error.name}${error.code ? ` (${error.code})` : ''}: ${error.message}`],
      ['class', `${error.class}, fingerprint ${error.fingerprint}`],
      ['crashes', letter.crashes > 0 ? String(letter.crashes) : undefined],
      ['trace', letter.traceId],
      ['stack', error.stack?.split('\n').slice(1).join('\n')],
    ],
    letter.attempts,
    letter.payload,
    paint,
  );
}

function page(lines: readonly Line[], attempts: readonly AttemptRecord[], payload: unknown, paint: Paint): string {
  const facts = lines.flatMap(([label, value, format]) => {
    if (value === undefined) return [];
    const text = indented(printable(value));
    return [`${paint('dim', label.padEnd(labelWidth))}${format === undefined ? text : paint(format, text)}`];
  });
  const history = attempts.map(
    (record) =>
      `  ${record.attempt}. ${moment(record.startedAt)}, ${lasted(record)} on ${record.worker}: ${printable(`${record.error.name}: ${record.error.message}`)}`,
  );
  return [
    ...facts,
    ...(history.length > 0 ? [paint('dim', 'history'), ...history] : []),
    paint('dim', 'payload'),
    cut(
      printable(typeof payload === 'string' ? payload : (JSON.stringify(payload, undefined, 2) ?? 'none')),
      longestPayload,
    ),
  ].join('\n');
}

/** Lines after the first stand under it. */
function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join(`\n${' '.repeat(labelWidth)}`);
}

/** A job's hash may hold anything: a moment that is missing or no moment is zero or not a date. */
function moment(at: number): string {
  const date = new Date(at);
  return at > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : 'unknown';
}

function lasted({ startedAt, endedAt }: AttemptRecord): string {
  const ms = endedAt - startedAt;
  return Number.isFinite(ms) ? spokenDuration(ms) : 'for an unknown time';
}

function compact(value: unknown): string {
  return cut(JSON.stringify(value) ?? '', longestValue);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (--json shows all ${text.length} characters)`;
}
