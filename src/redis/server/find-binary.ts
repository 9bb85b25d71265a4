import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs that serve a private Redis, in the order of preference. */
const serverPrograms = ['redis-server', 'valkey-server'] as const;

/** Finds a Redis or Valkey server on the PATH that runs on this machine; undefined when there is none. */
export async function findServerBinary(): Promise<string | undefined> {
  for (const program of serverPrograms) {
    try {
      await run(program, ['--version'], { timeout: 5000 });
      return program;
    } catch {
      // Not installed, or not able to run here: the next one may be.
    }
  }
  return undefined;
}
