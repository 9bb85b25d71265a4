import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBreaches, type SourceFile } from '../support/floor-rules.js';

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

describe('the floors', () => {
  it('hold in every file of src and workers', () => {
    const files = [...filesBelow('src'), ...filesBelow('workers')];

    const breaches = files.flatMap(findBreaches);

    expect(files.length).toBeGreaterThan(20);
    expect(breaches).toEqual([]);
  });
});

describe('the floor rules', () => {
  it.each<[string, string, string]>([
    ['an import from a higher floor', 'src/job/a.ts', `import { x } from '../worker/b.js';`],
    ['a type import from a higher floor', 'src/job/a.ts', `import type { X } from '../worker/b.js';`],
    ['an import over several lines', 'src/redis/a.ts', `import {\n  x,\n} from '../transport/b.js';`],
    ['a dynamic import from a higher floor', 'src/redis/a.ts', `await import('../cli/b.js');`],
    ['a re-export from a higher floor', 'src/time/a.ts', `export * from '../job/b.js';`],
    ['an import of the public surface from inside', 'src/cli/a.ts', `import { x } from '../index.js';`],
    ['an import from outside of src', 'src/cli/a.ts', `import { x } from '../../bench/b.js';`],
    ['a room without a floor', 'src/attic/a.ts', ''],
    ["another capability's store", 'src/retry/a.ts', `import { s } from '../dead-letter/dead-letter-store.js';`],
    ['BullMQ outside of transport', 'src/worker/a.ts', `import { Queue } from 'bullmq';`],
    ['BullMQ in a kind of work', 'workers/a.ts', `import { Queue } from 'bullmq';`],
    ['the inside of src in a kind of work', 'workers/a.ts', `import { x } from '../src/job/b.js';`],
    ['a file of the package in a kind of work', 'workers/a.ts', `import { x } from 'bulwark/dist/src/job/b.js';`],
    ['the environment outside of config/env', 'src/worker/a.ts', 'const x = process.env.X;'],
    ['the end of the process outside of cli', 'src/worker/a.ts', 'process.exit(1);'],
    ['a clock in a decision', 'src/retry/a.ts', 'export function decideX() { return Date.now(); }'],
    ['randomness in a decision', 'src/retry/a.ts', 'export const decideX = () => Math.random();'],
  ])('refuse %s', (_what, path, text) => {
    const breaches = findBreaches({ path, text });

    expect(breaches).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ['an import from a lower floor', 'src/worker/a.ts', `import { x } from '../job/b.js';`],
    ['an import from the same floor', 'src/dead-letter/a.ts', `import { x } from '../retry/decide-failure.js';`],
    ['a room its own store', 'src/dead-letter/a.ts', `import { s } from './dead-letter-store.js';`],
    ['the roof to import every room', 'src/index.ts', `export { x } from './worker/b.js';`],
    ['BullMQ in transport', 'src/transport/a.ts', `import { Queue } from 'bullmq';`],
    ['the environment in config/env', 'src/config/env.ts', 'const x = process.env.X;'],
    ['the end of the process in cli', 'src/cli/main.ts', 'process.exit(1);'],
    ['an exit code anywhere', 'src/worker/a.ts', 'process.exitCode = 1;'],
    ['a comment to speak of the environment', 'src/worker/a.ts', '/** Not process.env. */\n// nor process.exit'],
    ['a clock outside of decisions', 'src/worker/a.ts', 'const now = Date.now();'],
    [
      'packages and own files in a kind of work',
      'workers/a.ts',
      `import 'bulwark';\nimport 'zod';\nimport './b/c.js';`,
    ],
  ])('allow %s', (_what, path, text) => {
    const breaches = findBreaches({ path, text });

    expect(breaches).toEqual([]);
  });
});
