/**
 * Says that a program of Prometheus is not on the PATH. On a machine of a developer its tests may be left out; where changes are judged
 * (`CI=true`, as `.ci/run` sets) its absence must not pass for success.
 *
 * @throws Error in CI.
 */
export function missingProgram(program: string, otherwise: string): void {
  const hint = `${program} is not on the PATH: install Prometheus (Debian: apt-get install prometheus), else ${otherwise}`;
  if (process.env['CI'] === 'true') throw new Error(hint);
  process.stderr.write(`skipped: ${hint}\n`);
}
