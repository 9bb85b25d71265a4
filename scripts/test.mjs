import './setup/node-version.mjs';
import { join } from 'node:path';
import { runForeground } from './setup/foreground.mjs';
import { prepare } from './setup/prepare.mjs';
import { root, runScript } from './setup/project.mjs';
import { ensureRedis } from './setup/redis.mjs';

// npm test [-- arguments of vitest, such as a part of a path]

await runScript(async (args) => {
  await prepare();
  await ensureRedis();
  return runForeground([join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args], { cwd: root });
});
