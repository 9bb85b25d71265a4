import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/support/longest-first.js';

const cores = availableParallelism();
/** Most of what needs a Redis or processes waits for them: one file for each core would leave the machine idle. */
const atOnce = 2 * cores;

/** Tests of what needs no pool: they compute. Those that put another module in the place of one need modules of their own. */
const pure = ['unit', 'property', 'contract', 'types'].map((folder) => `test/${folder}/**/*.test.ts`);
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
    sequence: { sequencer: LongestFirst },
    testTimeout: 10_000,
    hookTimeout: 30_000,
    reporters: ['default', './test/support/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: pure,
          exclude: withOtherModules,
          // To load the modules anew for each file would take longer than the tests.
          isolate: false,
          maxWorkers: cores,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'redis',
          include: ['test/conformance/**/*.test.ts', 'test/integration/*/**/*.test.ts'],
          isolate: false,
          maxWorkers: atOnce,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/chaos/**/*.test.ts', 'test/integration/*.test.ts', ...withOtherModules],
          isolate: true,
          maxWorkers: atOnce,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
