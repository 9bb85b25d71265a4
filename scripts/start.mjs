import './setup/node-version.mjs';
import { join } from 'node:path';
import { runForeground } from './setup/foreground.mjs';
import { prepare } from './setup/prepare.mjs';
import { root, runScript } from './setup/project.mjs';

// npm start [-- arguments of `bulwark up`]

await runScript(async (args) => {
  await prepare();
  return runForeground([join(root, 'bin', 'bulwark.mjs'), 'up', ...args]);
});
