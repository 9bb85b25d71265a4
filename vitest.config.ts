import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import ProcessesFirst from './test/support/processes-first.js';

/** They turn the traces of their whole process on. */
const tracing = 'test/integration/tracing/**/*.test.ts';

const cores = availableParallelism();
/** What needs a Redis or processes waits for them most of the time; with two for each core processes that are timed are late now and then. */
const atOnce = cores + 1;

/** They put another module in the place of one, and so need modules of their own. */
const withOtherModules = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter((path) => readFileSync(path, 'utf8').includes('vi.mock('));

export default defineConfig({
  resolve: {
    // The kinds in workers/ import the package by its name, as their users' do; tests run them on the source.
    alias: { bulwark: fileURLToPath(new URL('./src/index.ts', import.meta.url)) },
  },
  test: {
    pool: 'forks',
    isolate: true,
    sequence: { sequencer: ProcessesFirst },
    testTimeout: 10_000,
    hookTimeout: 30_000,
    reporters: ['default', './test/support/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          // They compute. To load the modules anew for each file would take longer than its tests.
          name: 'pure',
          include: ['unit', 'property', 'contract', 'types'].map((folder) => `test/${folder}/**/*.test.ts`),
          exclude: withOtherModules,
          isolate: false,
          maxWorkers: cores,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Each file has a Redis of its own, and the rest of the pool in its own process.
          name: 'redis',
          include: ['test/conformance/**/*.test.ts', 'test/integration/*/**/*.test.ts'],
          exclude: [tracing],
          isolate: false,
          maxWorkers: atOnce,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/chaos/**/*.test.ts', 'test/integration/*.test.ts', tracing, ...withOtherModules],
          maxWorkers: atOnce,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
