/**
 * Writes the pages of the reference that are generated from code. `--check` writes nothing: it names the stale pages and
 * exits 1 when there are any. Runs on the built code, so build first.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One row per page: where it lies, which module knows its text, and how to ask for it. */
const pages = [
  {
    file: 'docs/reference/config.md',
    module: 'dist/src/config/docs.js',
    text: ({ configDocs }) => configDocs(),
  },
  {
    file: 'docs/reference/metrics.md',
    module: 'dist/src/telemetry/metrics-docs.js',
    text: ({ metricsDocs }) => metricsDocs(),
  },
  {
    file: 'docs/reference/cli.md',
    module: 'dist/src/cli/docs.js',
    text: ({ cliDocs }) => cliDocs(),
  },
];

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const checkOnly = process.argv.includes('--check');
const stale = [];

for (const page of pages) {
  const text = page.text(await load(page.module));
  const path = join(root, page.file);
  if ((await readOrEmpty(path)) === text) continue;
  stale.push(page.file);
  if (checkOnly) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

for (const file of stale) console.log(checkOnly ? `${file} is stale: run npm run docs` : `wrote ${file}`);
if (checkOnly && stale.length > 0) process.exitCode = 1;

async function load(module) {
  try {
    return await import(new URL(`../${module}`, import.meta.url));
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(`${module} cannot be loaded; run npm run build first`, { cause: error });
  }
}

async function readOrEmpty(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return '';
  }
}
