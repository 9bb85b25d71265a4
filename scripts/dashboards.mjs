/**
 * Writes the dashboards that are generated from grafana/src. `--check` writes nothing: it names the stale files and exits 1
 * when there are any. Runs on the built code, so build first.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboardFiles } from '../dist/grafana/src/dashboards.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'grafana', 'dashboards');
const checkOnly = process.argv.includes('--check');
const files = dashboardFiles();
const present = (await readdir(folder)).filter((name) => name.endsWith('.json'));
const stale = [];

for (const name of new Set([...present, ...files.keys()])) {
  const text = files.get(name);
  const path = join(folder, name);
  if (present.includes(name) && (await readFile(path, 'utf8')) === text) continue;
  stale.push(name);
  if (checkOnly) continue;
  await (text === undefined ? rm(path) : writeFile(path, text));
}

for (const name of stale)
  console.log(checkOnly ? `grafana/dashboards/${name} is stale: run npm run dashboards` : `wrote ${name}`);
if (checkOnly && stale.length > 0) process.exitCode = 1;
