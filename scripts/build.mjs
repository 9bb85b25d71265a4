import './setup/node-version.mjs';
import { prepare } from './setup/prepare.mjs';
import { runScript } from './setup/project.mjs';

// npm run build

await runScript(prepare);
