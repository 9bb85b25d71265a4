import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, SetupError, say } from './project.mjs';

/** The folders that are compiled, and what else the result depends on. */
const sourceFolders = ['src', 'workers', 'bench', 'examples', 'grafana/src'];
const settings = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'tsconfig.build.json'];
const dist = join(root, 'dist');
const stampFile = join(dist, '.bulwark-build');

/** Compiles what has changed into dist/, copies Lua scripts and what threads share, and removes what has no source any more. Call it under the setup lock. */
export function build() {
  const sources = sourceFolders.flatMap((folder) => filesBelow(folder, /\.(ts|lua|mjs|d\.mts)$/));
  const wanted = hashOf([...sources, ...settings]);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;

  say('building');
  rmSync(stampFile, { force: true });
  compile('tsconfig.build.json');
  for (const file of sources.filter((name) => !name.endsWith('.ts'))) {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    copyFileSync(join(root, file), join(dist, file));
  }
  removeOrphans(new Set(sources));
  writeFileSync(stampFile, wanted);
}

/** The compiler writes its messages to stdout: they go to stderr, with the rest of what the set-up says. */
function compile(project) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b', project], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new SetupError('the sources do not compile, see above');
}

/** Compiled files whose source was renamed or deleted: kinds of work are found by their file, so an old one would live on. */
function removeOrphans(sources) {
  for (const folder of sourceFolders) {
    for (const file of filesBelow(join('dist', folder), /\.(js|d\.ts|lua|mjs|d\.mts)(\.map)?$/)) {
      const source = file.slice('dist/'.length).replace(/\.(d\.ts|js)(\.map)?$/, '.ts');
      if (!sources.has(source)) rmSync(join(root, file));
    }
  }
}

function filesBelow(folder, pattern) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .filter((name) => pattern.test(name))
    .sort();
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}
