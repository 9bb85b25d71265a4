import type { Format, Paint } from '../output.js';
import { counted, printable, shortened, spokenDuration } from '../wording.js';
import { describeMoment } from './describe-moment.js';
import { describeNext } from './describe-next.js';
import type { Moment, MomentError } from './moment.js';
import type { Trace } from './read-trace.js';

const labelWidth = 12;
const longestLine = 1_000;
/** As wide as a date. */
const timeWidth = 24;
const chapterMs = 3_600_000;
/** Clocks that differ by less are no news. */
const tolerableSkewMs = 1_000;

/** A job, its story from top to bottom, and what happens next, as a page of text. */
export function renderTrace(trace: Trace, paint: Paint): string {
  return [
    ...renderHead(trace, paint),
    '',
    ...renderMoments(trace.moments, paint),
    '',
    ...renderNext(trace, paint),
  ].join('\n');
}

function renderHead(trace: Trace, paint: Paint): string[] {
  const { job, now } = trace;
  const { meta } = job;
  const steps = job.steps.map(({ name }) => name).join(', ');
  const lines: (readonly [label: string, value: string | undefined, format?: Format])[] = [
    ['job', job.id, 'bold'],
    ['queue', job.queue],
    ['kind', `${job.kind || 'none'}${meta.version === undefined ? '' : `, version ${meta.version}`}`],
    ['state', spokenState(trace), 'bold'],
    ['counts', spokenCounts(trace)],
    ['steps', steps === '' ? undefined : `${steps}: done, and not done again`],
    ['now', time(now)],
  ];
  return lines.flatMap(([label, value, format]) =>
    value === undefined ? [] : [line(paint('dim', label.padEnd(labelWidth)), oneLine(value), format, paint)],
  );
}

function spokenState({ job, deadId, now, moments }: Trace): string {
  if (deadId === undefined && job.state === 'unknown') return 'in no list: the job is lost';
  const since = moments.findLast(({ at }) => at !== null)?.at;
  const age = since == null ? undefined : spokenDuration(now - since);
  const state = deadId === undefined ? job.state : 'dead-lettered';
  if (age === undefined) return state;
  return deadId !== undefined || job.finishedAt !== undefined ? `${state} ${age} ago` : `${state} for ${age}`;
}

function spokenCounts({ job, moments }: Trace): string {
  const starts = counted(job.starts, 'start');
  const rest = `${counted(job.attemptsMade, 'attempt')} used up, ${counted(job.crashes, 'loss', 'losses')} of its worker`;
  return moments.some(({ what }) => what === 'redriven')
    ? `${starts} in all; since it was redriven: ${rest}`
    : `${starts}, ${rest}`;
}

/** The first moment of a chapter by its date, the others by how long after that they were. */
function renderMoments(moments: readonly Moment[], paint: Paint): string[] {
  let chapter: number | undefined;
  let error: MomentError | undefined;
  return moments.flatMap((moment) => {
    const { at } = moment;
    const { text, format, below = [] } = describeMoment(moment, error);
    if (moment.what === 'attempt_failed') error = moment.error;
    const isNew = at !== null && beginsChapter(moment, at, chapter);
    if (isNew) chapter = at;
    const when = isNew ? time(at) : spokenSince(at, chapter);
    const indent = ' '.repeat(timeWidth + 2);
    return [
      line(`${paint('dim', when.padStart(timeWidth))}  `, `${oneLine(text)}${spokenSkew(moment)}`, format, paint),
      ...below.map((words) => paint('dim', `${indent}${oneLine(words)}`)),
    ];
  });
}

function spokenSince(at: number | null, chapter: number | undefined): string {
  return at === null || chapter === undefined ? '' : `+${spokenDuration(at - chapter)}`;
}

/** So that a moment can be found in the logs: "4h 12m later" names no second. */
function beginsChapter({ what }: Moment, at: number, chapter: number | undefined): boolean {
  return chapter === undefined || what === 'enqueued' || what === 'redriven' || at - chapter >= chapterMs;
}

function renderNext({ job, deadId, now, next }: Trace, paint: Paint): string[] {
  const { id, queue, kind } = job;
  const subject = { id, queue, kind, now, ...(deadId !== undefined && { deadId }) };
  const { text, obstacles } = describeNext(next, subject);
  const indent = ' '.repeat(labelWidth);
  return [
    line(paint('dim', 'next'.padEnd(labelWidth)), oneLine(text), 'bold', paint),
    ...obstacles.map((words) => `${indent}${paint('yellow', `but ${oneLine(words)}`)}`),
  ];
}

function line(start: string, text: string, format: Format | undefined, paint: Paint): string {
  return `${start}${format === undefined ? text : paint(format, text)}`;
}

/** What comes from a job must not break its line, nor play with the terminal. */
function oneLine(text: string): string {
  return shortened(printable(text).replace(/\s+/g, ' ').trim(), longestLine);
}

function spokenSkew({ at, saidAt }: Moment): string {
  if (at === null || saidAt === undefined || Math.abs(saidAt - at) < tolerableSkewMs) return '';
  const direction = saidAt > at ? 'ahead' : 'behind';
  return ` (by a clock that is ${spokenDuration(Math.abs(saidAt - at))} ${direction})`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
