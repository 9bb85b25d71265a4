import './setup/node-version.mjs';
import { join } from 'node:path';
import { runForeground } from './setup/foreground.mjs';
import { prepare } from './setup/prepare.mjs';
import { root, runScript } from './setup/project.mjs';
import { ensureRedis } from './setup/redis.mjs';

// npm run prove -- <proof> [--json]

await runScript(async (args) => {
  await prepare();
  await ensureRedis();
  return runForeground([join(root, 'dist', 'bench', 'prove.js'), ...args], { cwd: root });
});
