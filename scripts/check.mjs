import './setup/node-version.mjs';
import { join } from 'node:path';
import { runForeground } from './setup/foreground.mjs';
import { install } from './setup/install.mjs';
import { withSetupLock } from './setup/lock.mjs';
import { root, runScript } from './setup/project.mjs';

// npm run check [-- --no-tests]: everything a change must pass. All parts run, so that one run shows all that is wrong.

const script = (name) => join(root, 'scripts', name);
const tool = (...path) => join(root, 'node_modules', ...path);

const parts = {
  build: [script('build.mjs')],
  types: [tool('typescript', 'bin', 'tsc'), '-b'],
  'lint and format': [tool('@biomejs', 'biome', 'bin', 'biome'), 'ci', '.'],
  'dead code': [tool('knip', 'bin', 'knip.js')],
  docs: [script('docs.mjs'), '--check'],
  tests: [script('test.mjs')],
};

await runScript(async (args) => {
  await withSetupLock(install);
  const results = [];
  for (const [name, command] of Object.entries(parts)) {
    if (name === 'tests' && args.includes('--no-tests')) continue;
    process.stdout.write(`\n== ${name}\n`);
    const code = await runForeground(command, { cwd: root });
    results.push({ name, passed: code === 0 });
  }
  process.stdout.write(
    `\n${results.map(({ name, passed }) => `${passed ? 'ok    ' : 'FAILED'}  ${name}`).join('\n')}\n`,
  );
  return results.every(({ passed }) => passed) ? 0 : 1;
});
