import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage } from '../errors/error-message.js';
import { configFileVariable, type Environment } from './env.js';
import type { Reading } from './given-value.js';
import { readObject } from './object-values.js';

/** Looked for in the working directory; may be missing. */
export const defaultConfigFile = 'bulwark.config.json';

/** Which file to read, and whether it may be missing. */
interface FileChoice {
  readonly path: string;
  /** Who named it, and so expects it to be there; undefined for the default. */
  readonly namedBy?: string;
}

/**
 * Reads the options of the configuration file, once and at start: `file` when given, else what BULWARK_CONFIG names, else
 * the default when it is there. `false` reads none.
 */
export function readConfigFile(file: string | false | undefined, env: Environment): Reading {
  if (file === false) return { given: [], faults: [] };
  const { path, namedBy } = chooseFile(file, env);
  const read = readText(path);
  if (read.kind === 'missing') {
    return namedBy === undefined ? { given: [], faults: [] } : faulty(path, 'must exist', namedBy);
  }
  if (read.kind === 'unreadable') return faulty(path, `cannot be read: ${read.message}`, namedBy);
  try {
    return readObject(JSON.parse(read.text), { source: 'file', detail: path });
  } catch (error) {
    return faulty(path, `must be JSON: ${jsonFault(error)}`, namedBy);
  }
}

function chooseFile(file: string | undefined, env: Environment): FileChoice {
  if (file !== undefined) return { path: resolve(file), namedBy: 'code or flag' };
  const named = env[configFileVariable]?.trim();
  return named
    ? { path: resolve(named), namedBy: `environment ${configFileVariable}` }
    : { path: resolve(defaultConfigFile) };
}

type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly message: string };

function readText(path: string): FileText {
  try {
    return { kind: 'text', text: readFileSync(path, 'utf8') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'missing' };
    return { kind: 'unreadable', message: errorMessage(error) };
  }
}

/** Without the piece of the file that Node quotes: it may hold the password of Redis. */
function jsonFault(error: unknown): string {
  const [fault] = errorMessage(error).split(/(?:^|, )(?:\.{3})?"/, 1);
  return fault || 'the text has another form';
}

function faulty(path: string, rule: string, namedBy = 'working directory'): Reading {
  return { given: [], faults: [{ subject: path, rule, origin: namedBy }] };
}
