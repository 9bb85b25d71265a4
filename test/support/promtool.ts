import { execFile, spawnSync } from 'node:child_process';

const missing =
  'promtool is not on the PATH: install Prometheus (Debian: apt-get install prometheus), else nobody knows whether alerts fire';

/**
 * Whether promtool is there. On a machine of a developer its tests may be left out; where changes are judged (`CI=true`) they may not.
 *
 * @throws Error in CI when it is missing.
 */
export function hasPromtool(): boolean {
  if (spawnSync('promtool', ['--version']).error === undefined) return true;
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`${missing}\n`);
  return false;
}

/** Runs it in a folder; answers what it said when it found a fault, else nothing. */
export function promtoolFaults(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('promtool', args, { cwd: folder }, (error, stdout, stderr) => resolve(error ? `${stdout}${stderr}` : ''));
  });
}
