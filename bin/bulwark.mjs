#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

const main = new URL('../dist/src/cli/main.js', import.meta.url);

if (existsSync(main)) {
  // Loading modules makes V8 grow its young generation to 16 MB, which an idle worker would then keep for good. A process that
  // stays lets it grow again once it is ready (src/cli/process/young-generation.ts), so that a busy one gets what it needs.
  setFlagsFromString('--semi-space-growth-factor=1');
  await import(main.href);
} else {
  console.error('bulwark: this clone is not built yet; run `npm start` or `npm run build` first');
  process.exitCode = 2;
}
