import type { DeadLetter } from '../../dead-letter/record.js';
import type { JobCrash } from '../../job/crash.js';
import type { AttemptRecord } from '../../job/outcome.js';
import { spokenEnd } from '../../recovery/describe-crash.js';
import type { JobView } from '../../transport/queue-inspector.js';
import type { Format, Paint } from '../output.js';
import { counted, printable, shortened, spokenBytes, spokenDuration } from '../wording.js';

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
    job,
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
    letter,
    letter.payload,
    paint,
  );
}

/** What happened to a job: attempts that failed, and workers that were lost. */
interface History {
  readonly attempts: readonly AttemptRecord[];
  readonly crashHistory: readonly JobCrash[];
}

function page(lines: readonly Line[], { attempts, crashHistory }: History, payload: unknown, paint: Paint): string {
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
    ...(crashHistory.length > 0 ? [paint('dim', 'workers lost'), ...crashHistory.flatMap(crashLines)] : []),
    paint('dim', 'payload'),
    cut(
      printable(typeof payload === 'string' ? payload : (JSON.stringify(payload, undefined, 2) ?? 'none')),
      longestPayload,
    ),
  ].join('\n');
}

const losses = { exited: 'ended', silent: 'fell silent', unowned: 'let go of the job' } as const;

/** `2026-… w1 ended, killed by SIGSEGV, alone, with 85 MiB`, and what it wrote last. */
function crashLines(crash: JobCrash): string[] {
  const { at, how, worker, alone, rssBytes, loopDelayMs, blockedMs, lines = [] } = crash;
  const facts = [
    `${worker ?? 'its worker'} ${losses[how]}`,
    spokenEnd(crash),
    alone ? 'alone' : undefined,
    rssBytes === undefined ? undefined : `with ${spokenBytes(rssBytes)}`,
    loopDelayMs === undefined ? undefined : `loop delay ${spokenDuration(loopDelayMs)}`,
    blockedMs === undefined ? undefined : `blocked for ${spokenDuration(blockedMs)}`,
  ];
  const text = `  ${moment(at)} ${printable(facts.filter((fact) => fact !== undefined).join(', '))}`;
  return [text, ...lines.map((line) => `    | ${shortened(printable(String(line)), longestValue)}`)];
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
