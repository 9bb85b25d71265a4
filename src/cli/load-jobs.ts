import { readdir, stat } from 'node:fs/promises';
import { extname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { errorMessage } from '../errors/error-message.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import { DefinitionError } from '../job/definition-error.js';

/** The kinds that ship: compiled they lie beside the compiled `src`. */
const shippedKinds = fileURLToPath(new URL('../../workers', import.meta.url));

const moduleExtensions = ['.js', '.mjs', '.cjs'];

/**
 * Loads definitions of jobs from files and folders; from the kinds that ship when none are given.
 *
 * A file must export one at least. Of a folder the modules directly in it are loaded; those without a definition are taken
 * for helpers of the others.
 *
 * @throws DefinitionError naming the file, what was found in it, and what was expected.
 */
export async function loadJobs(paths: readonly string[]): Promise<AnyJobDefinition[]> {
  const loaded = await Promise.all(
    (paths.length === 0 ? [shippedKinds] : paths).map((path) => loadPath(resolve(path))),
  );
  // A module may export one definition under two names, and two modules may share one.
  return [...new Set(loaded.flat())];
}

async function loadPath(path: string): Promise<AnyJobDefinition[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new DefinitionError(`no file or folder ${shown(path)}; expected compiled definitions of jobs there`);
  return found.isDirectory() ? loadFolder(path) : loadFile(path);
}

async function loadFolder(folder: string): Promise<AnyJobDefinition[]> {
  const names = (await readdir(folder)).filter((name) => moduleExtensions.includes(extname(name))).sort();
  if (names.length === 0) {
    throw new DefinitionError(
      `no module in folder ${shown(folder)}; expected files ending in ${moduleExtensions.join(', ')}`,
    );
  }
  const modules = await Promise.all(names.map((name) => importModule(join(folder, name))));
  const jobs = modules.flatMap((module) => Object.values(module).filter(isJobDefinition));
  if (jobs.length > 0) return jobs;
  throw new DefinitionError(
    `no definition of a job in folder ${shown(folder)}, which has ${names.join(', ')}; ${expected}`,
  );
}

async function loadFile(file: string): Promise<AnyJobDefinition[]> {
  if (!moduleExtensions.includes(extname(file))) {
    const advice = /\.[mc]?tsx?$/.test(file)
      ? 'compile it and give the compiled file'
      : `expected a file ending in ${moduleExtensions.join(', ')}`;
    throw new DefinitionError(`${shown(file)} is no JavaScript module; ${advice}`);
  }
  const module = await importModule(file);
  const jobs = Object.values(module).filter(isJobDefinition);
  if (jobs.length > 0) return jobs;
  throw new DefinitionError(
    `no definition of a job in ${shown(file)}, which exports ${exportsOf(module)}; ${expected}`,
  );
}

const expected = 'expected an export made by defineJob({ kind, queue, payload, run })';

async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new DefinitionError(`${shown(file)} cannot be loaded: ${errorMessage(cause)}`, { cause });
  }
}

/** Judged by shape: the definition may come from another copy of the package. */
function isJobDefinition(value: unknown): value is AnyJobDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, queue, payload, run, retry } = value as Readonly<Record<string, unknown>>;
  return (
    typeof kind === 'string' &&
    typeof run === 'function' &&
    typeof (queue as { readonly name?: unknown } | undefined)?.name === 'string' &&
    // Some libraries' schemas are functions.
    '~standard' in Object(payload) &&
    typeof retry === 'object'
  );
}

function exportsOf(module: Readonly<Record<string, unknown>>): string {
  const names = Object.entries(module).map(([name, value]) => `${name} (${typeof value})`);
  return names.length === 0 ? 'nothing' : names.join(', ');
}

function shown(path: string): string {
  const near = relative('', path);
  return near === '' || near.startsWith('..') ? path : near;
}
