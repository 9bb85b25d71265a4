import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Makes an empty folder that is gone after the test, with the server of a pool that was killed in it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-test-'));
  onTestFinished(() => {
    killLeftServer(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

/** A private Redis outlives its keeper on purpose: a test that killed the keeper would leave it running for ever. */
function killLeftServer(folder: string): void {
  for (const file of [join(folder, 'redis.json'), join(folder, '.bulwark', 'redis.json')]) {
    try {
      const { kind, pid } = JSON.parse(readFileSync(file, 'utf8')) as { kind: string; pid: number };
      if (kind === 'process') process.kill(pid, 'SIGKILL');
    } catch {
      // No record, or its process has ended: nothing is left to do.
    }
  }
}
