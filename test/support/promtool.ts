import { execFile, spawnSync } from 'node:child_process';
import { missingProgram } from './missing-program.js';

/**
 * Whether promtool is there.
 *
 * @throws Error in CI when it is missing.
 */
export function hasPromtool(): boolean {
  if (spawnSync('promtool', ['--version']).error === undefined) return true;
  missingProgram('promtool', 'nobody knows whether alerts fire');
  return false;
}

/** Runs it in a folder; answers what it said when it found a fault, else nothing. */
export function promtoolFaults(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('promtool', args, { cwd: folder }, (error, stdout, stderr) => resolve(error ? `${stdout}${stderr}` : ''));
  });
}
