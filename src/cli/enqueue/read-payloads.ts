import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { glob } from 'tinyglobby';
import { errorMessage } from '../../errors/error-message.js';
import { UsageError } from '../usage-error.js';

/** A payload as somebody gave it, not yet checked. */
export interface GivenPayload {
  /** Where it was given, for people: `line 3`, or the file it names. Empty for the one of the command line. */
  readonly origin: string;
  /** What was read, or why it could not be. */
  readonly read: { readonly payload: unknown } | { readonly fault: string };
}

/** Where payloads come from, as the command line says. */
export interface PayloadSources {
  readonly json: string | undefined;
  readonly file: string | undefined;
  readonly glob: readonly string[] | undefined;
  /** What `--file -` reads. */
  readonly stdin: NodeJS.ReadableStream;
}

/** All payloads are checked before the first is written, so all of them are in memory at once. */
const maxPayloads = 200_000;

/** Nobody means these when they say `**`. */
const neverGlobbed = ['**/node_modules/**', '**/.git/**', '**/.bulwark/**', '**/dist/**'];

/**
 * Reads the payloads that a command line names: one as JSON, or many as lines of a file, or one `{ path }` for each file that
 * fits a pattern. With patterns the JSON is what all of them share.
 *
 * @throws UsageError when it names no source or two, or one that cannot be read or is empty.
 */
export async function readPayloads(sources: PayloadSources): Promise<GivenPayload[]> {
  const { json, file, glob: patterns, stdin } = sources;
  if (file !== undefined && (json !== undefined || patterns !== undefined)) {
    throw new UsageError('--file brings the payloads itself: give no JSON and no --glob with it');
  }
  if (patterns !== undefined) return globPayloads(patterns, json);
  if (file !== undefined) return linePayloads(file, stdin);
  if (json !== undefined) return [{ origin: '', read: parse(json) }];
  throw new UsageError(`a job needs a payload: give JSON such as '{"path":"README.md"}', or --file, or --glob`);
}

async function globPayloads(patterns: readonly string[], json: string | undefined): Promise<GivenPayload[]> {
  const shared = sharedFields(json);
  const paths = (
    await glob([...patterns], { ignore: neverGlobbed, onlyFiles: true, followSymbolicLinks: false })
  ).sort();
  if (paths.length === 0) {
    throw new UsageError(
      `no file here fits ${patterns.join(' ')}; quote patterns ('**/*.md'), so that the shell leaves them alone`,
    );
  }
  assertBounded(paths.length);
  return paths.map((path) => ({ origin: path, read: { payload: { ...shared, path } } }));
}

function sharedFields(json: string | undefined): object {
  const read = json === undefined ? { payload: {} } : parse(json);
  const fields = 'payload' in read ? read.payload : undefined;
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields;
  throw new UsageError(`with --glob the JSON is what all payloads share, so it must be an object, got ${json}`);
}

async function linePayloads(file: string, stdin: NodeJS.ReadableStream): Promise<GivenPayload[]> {
  const input = file === '-' ? stdin : createReadStream(file, 'utf8');
  const payloads: GivenPayload[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() === '') continue;
      payloads.push({ origin: `line ${number}`, read: parse(number === 1 ? line.replace(/^\uFEFF/, '') : line) });
      assertBounded(payloads.length);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
  if (payloads.length === 0)
    throw new UsageError(`${file === '-' ? 'stdin' : file} has no line; expected one JSON payload a line`);
  return payloads;
}

function parse(json: string): GivenPayload['read'] {
  try {
    return { payload: JSON.parse(json) as unknown };
  } catch (error) {
    return { fault: `is not JSON: ${errorMessage(error)}` };
  }
}

function assertBounded(count: number): void {
  if (count > maxPayloads) {
    throw new UsageError(
      `more than ${maxPayloads} jobs at once; split them, because nothing is written before all of them are checked`,
    );
  }
}
