import type { JobCrash } from '../../job/crash.js';
import type { AttemptRecord } from '../../job/outcome.js';
import { spokenEnd } from '../../recovery/describe-crash.js';
import type { Format, Paint } from '../output.js';
import { printable, shortened, spokenBytes, spokenDuration } from '../wording.js';

/** A fact with its label; one that has no value is left out. */
export type Line = readonly [label: string, value: string | undefined, format?: Format];

const labelWidth = 12;
const longestPayload = 2_000;
const longestValue = 500;

/** What happened to a job: attempts that failed, and workers that were lost. */
interface History {
  readonly attempts: readonly AttemptRecord[];
  readonly crashHistory: readonly JobCrash[];
}

/** A list below the facts, under a title; left out when it is empty. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Facts, history, what else there is to list, and the payload. */
export function page(
  lines: readonly Line[],
  { attempts, crashHistory }: History,
  payload: unknown,
  paint: Paint,
  sections: readonly Section[] = [],
): string {
  const facts = lines.flatMap(([label, value, format]) => {
    if (value === undefined) return [];
    const text = indented(printable(value));
    return [`${paint('dim', label.padEnd(labelWidth))}${format === undefined ? text : paint(format, text)}`];
  });
  const history = attempts.map(attemptLine);
  return [
    ...facts,
    ...listed(
      [
        { title: 'history', lines: history },
        { title: 'workers lost', lines: crashHistory.flatMap(crashLines) },
        ...sections,
      ],
      paint,
    ),
    paint('dim', 'payload'),
    cut(
      printable(typeof payload === 'string' ? payload : (JSON.stringify(payload, undefined, 2) ?? 'none')),
      longestPayload,
    ),
  ].join('\n');
}

function listed(sections: readonly Section[], paint: Paint): string[] {
  return sections.flatMap(({ title, lines }) => (lines.length === 0 ? [] : [paint('dim', title), ...lines]));
}

/** `1. 2026-…, 2.0s on w1: transient Error: no paper (fingerprint)`. Somebody else may have written any part of it. */
function attemptLine(record: AttemptRecord): string {
  const { class: errorClass, name, message, fingerprint } = record.error;
  const error = printable(`${errorClass ?? 'unknown'} ${name}: ${message}`);
  const cause = fingerprint === undefined ? '' : ` (${printable(String(fingerprint))})`;
  const where = record.dependency === undefined ? '' : `, in ${printable(String(record.dependency))}`;
  return `  ${record.attempt}. ${moment(record.startedAt)}, ${lasted(record)} on ${record.worker}${where}: ${error}${cause}`;
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
export function moment(at: number): string {
  const date = new Date(at);
  return at > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : 'unknown';
}

function lasted({ startedAt, endedAt }: AttemptRecord): string {
  const ms = endedAt - startedAt;
  return Number.isFinite(ms) ? spokenDuration(ms) : 'for an unknown time';
}

/** A value as JSON on one line, cut where it is long. */
export function compact(value: unknown): string {
  return cut(JSON.stringify(value) ?? '', longestValue);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (--json shows all ${text.length} characters)`;
}
