import type { Parsed } from '../time/moment.js';
import { parseOr } from '../transport/parse-or.js';
import { isReservedId } from '../transport/queue-keys.js';

/** A dead letter as it lies in Redis, whole: nothing of it is understood, and nothing lost. */
export interface RawLetter {
  readonly queue: string;
  readonly deadId: string;
  /** The id it had, and gets back. */
  readonly id: string;
  /** Its score among the dead letters. */
  readonly diedAt: number;
  /** The fields of its hash. */
  readonly fields: RawFields;
  /** What its handler wrote down. */
  readonly logs: readonly string[];
  /** What its children returned, and how they failed, where it was the parent of a flow. */
  readonly processed: RawFields;
  readonly failed: RawFields;
}

export type RawFields = ReadonlyMap<string, Buffer>;

/** Version of the format of a line. A change that older versions would misread gets the next number. */
const version = 1;

/** Fields that are JSON in Redis and stand as such in a line, where programs can read them, by their names there. */
const jsonFields = { data: 'data', opts: 'opts', timestamp: 'timestamp', bwh: 'history', bwd: 'record' } as const;

type JsonName = (typeof jsonFields)[keyof typeof jsonFields];

interface LetterLine extends Partial<Readonly<Record<JsonName, unknown>>> {
  readonly v: number;
  readonly queue: string;
  readonly deadId: string;
  readonly id: string;
  readonly diedAt: number;
  readonly name?: string;
  /** All other fields, and those that JSON would not give back to the letter. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Fields that are no text. */
  readonly base64?: Readonly<Record<string, string>>;
  readonly logs?: readonly string[];
  readonly processed?: Readonly<Record<string, string>>;
  readonly failed?: Readonly<Record<string, string>>;
}

const knownNames: readonly string[] = [
  ...['v', 'queue', 'deadId', 'id', 'diedAt', 'name', 'fields', 'base64', 'logs', 'processed', 'failed'],
  ...Object.values(jsonFields),
];

/** Writes a letter as one line of JSON that `decodeLetter` reads back to the last byte. Pure. */
export function encodeLetter(letter: RawLetter): string {
  const { queue, deadId, id, diedAt, logs } = letter;
  const shown = new Map<string, unknown>();
  const fields = new Map<string, string>();
  const base64 = new Map<string, string>();
  for (const [field, bytes] of letter.fields) {
    const text = bytes.toString('utf8');
    const value = Object.hasOwn(jsonFields, field) ? parseOr(text, undefined) : undefined;
    if (!Buffer.from(text).equals(bytes)) base64.set(field, bytes.toString('base64'));
    else if (field === 'name') shown.set('name', text);
    else if (value !== undefined && JSON.stringify(value) === text)
      shown.set(jsonFields[field as keyof typeof jsonFields], value);
    else fields.set(field, text);
  }
  return JSON.stringify({
    ...{ v: version, queue, deadId, id, diedAt: Number.isFinite(diedAt) ? diedAt : 0 },
    ...Object.fromEntries(shown),
    ...section('fields', fields),
    ...section('base64', base64),
    ...(logs.length > 0 && { logs }),
    ...section('processed', texts(letter.processed)),
    ...section('failed', texts(letter.failed)),
  });
}

/** Reads a line, or says what is wrong with it, in words that follow the number of the line. Pure. */
export function decodeLetter(text: string): Parsed<RawLetter> {
  const line = parseOr(text, undefined);
  if (line === undefined) return { fault: 'is not JSON' };
  if (typeof line !== 'object' || line === null || Array.isArray(line)) return { fault: 'is no JSON object' };
  const fault = faultOf(line as Partial<Record<string, unknown>>);
  return fault === undefined ? { value: letterOf(line as LetterLine) } : { fault };
}

function faultOf(line: Partial<Record<string, unknown>>): string | undefined {
  if (line['v'] !== version) return `is of version ${JSON.stringify(line['v'])}; expected ${version}`;
  for (const name of ['queue', 'deadId', 'id'] as const) {
    if (typeof line[name] !== 'string' || line[name] === '') return `has no ${name}; expected a text`;
  }
  const reserved = [line['id'], line['deadId']].find((id) => isReservedId(id as string));
  if (reserved !== undefined)
    return `has the id ${JSON.stringify(reserved)}, under which the queue keeps something else`;
  const { diedAt, name, logs } = line;
  if (typeof diedAt !== 'number') return `has the diedAt ${JSON.stringify(diedAt)}; expected milliseconds`;
  if (name !== undefined && typeof name !== 'string') return `has the name ${JSON.stringify(name)}; expected a text`;
  if (logs !== undefined && !(Array.isArray(logs) && logs.every((entry) => typeof entry === 'string'))) {
    return 'has logs that are no list of texts';
  }
  for (const part of ['fields', 'base64', 'processed', 'failed'] as const) {
    if (line[part] !== undefined && !isTexts(line[part])) return `has ${part} that are no object of texts`;
  }
  const unknown = Object.keys(line).find((field) => !knownNames.includes(field));
  if (unknown !== undefined)
    return `has the unknown field ${JSON.stringify(unknown)}; known are ${knownNames.join(', ')}`;
  return fieldsOf(line as unknown as LetterLine).size === 0 ? 'has no job: no name, no data, no fields' : undefined;
}

function letterOf(line: LetterLine): RawLetter {
  const { queue, deadId, id, diedAt, logs = [], processed = {}, failed = {} } = line;
  return {
    queue,
    deadId,
    id,
    diedAt,
    fields: fieldsOf(line),
    logs,
    processed: buffers(processed),
    failed: buffers(failed),
  };
}

function fieldsOf(line: LetterLine): RawFields {
  const { name, fields = {}, base64 = {} } = line;
  const found = new Map<string, Buffer>();
  if (name !== undefined) found.set('name', Buffer.from(name));
  for (const [field, shown] of Object.entries(jsonFields)) {
    if (Object.hasOwn(line, shown)) found.set(field, Buffer.from(JSON.stringify(line[shown])));
  }
  for (const [field, text] of Object.entries(fields)) found.set(field, Buffer.from(text));
  for (const [field, text] of Object.entries(base64)) found.set(field, Buffer.from(text, 'base64'));
  return found;
}

function section(name: string, entries: ReadonlyMap<string, string>) {
  return entries.size === 0 ? {} : { [name]: Object.fromEntries(entries) };
}

function texts(fields: RawFields): Map<string, string> {
  return new Map([...fields].map(([field, bytes]) => [field, bytes.toString('utf8')]));
}

function buffers(fields: Readonly<Record<string, string>>): RawFields {
  return new Map(Object.entries(fields).map(([field, text]) => [field, Buffer.from(text)]));
}

function isTexts(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((entry) => typeof entry === 'string')
  );
}
