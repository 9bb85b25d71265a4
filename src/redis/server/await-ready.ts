import { pause } from '../../time/clock.js';
import { probeServer, type ServerIdentity } from './server-probe.js';
import { ServerStartError } from './server-start-error.js';

/** Long enough for a slow disk at boot; a server that has not answered by then is not going to. */
const answerDeadlineMs = 15_000;
/** Reading a large append-only file takes minutes, and to give up on it would be worse than to wait. */
const loadDeadlineMs = 600_000;

/** The process that is expected to answer. */
export interface ExpectedServer {
  readonly url: string;
  readonly pid: number;
  isAlive(): boolean;
}

/**
 * Waits until a server process has its data in memory and answers.
 *
 * @throws ServerStartError when the process ends first or takes too long.
 */
export async function awaitReady(expected: ExpectedServer): Promise<ServerIdentity> {
  const startedAt = performance.now();
  let deadlineMs = answerDeadlineMs;
  while (expected.isAlive()) {
    const probe = await probeServer(expected.url);
    // A stranger who took the port may be a Redis too: only the expected process counts.
    if ('identity' in probe && probe.identity.processId === expected.pid) {
      if (probe.kind === 'ready') return probe.identity;
      deadlineMs = loadDeadlineMs;
    }
    if (performance.now() - startedAt > deadlineMs)
      throw new ServerStartError(`process ${expected.pid} did not answer at ${expected.url} within ${deadlineMs} ms`);
    await pause(10);
  }
  throw new ServerStartError(`process ${expected.pid} ended before it answered at ${expected.url}`);
}
