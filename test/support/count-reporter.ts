import type { Reporter, TestModule } from 'vitest/node';

/** Ends a test run with one line that a plain runner can read: `41 passed, 0 failed`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: 'passed' | 'failed') => tests.filter((test) => test.result().state === state).length;
    // A file that does not load has no tests: it counts as one that failed, and so does an error outside of every test.
    const brokenModules = modules.filter((module) => module.errors().length > 0).length;
    process.stdout.write(
      `${count('passed')} passed, ${count('failed') + brokenModules + unhandledErrors.length} failed\n`,
    );
  }
}
