import { pause } from '../../time/clock.js';
import { decideStart, type RecordEvidence } from './decide-start.js';
import { PoolRunningError } from './pool-running-error.js';
import { isProcessAlive } from './process-alive.js';
import { probeServer } from './server-probe.js';
import { readServerRecord, recordFile, type ServerRecord } from './server-record.js';
import { withStartLock } from './start-lock.js';

/** What to do with a folder that is ours to use. */
export interface FolderClaim<T> {
  /** No server runs in the folder. */
  launch(): Promise<T>;
  /** The server of a keeper that died still runs in it. */
  adopt(record: ServerRecord): Promise<T>;
}

/**
 * Makes this process the keeper of a data folder's server. Of several processes that try at once, one wins.
 *
 * @throws PoolRunningError when another living keeper has it; the message names its process and what to do.
 */
export function claimFolder<T>(dataDir: string, claim: FolderClaim<T>): Promise<T> {
  return withStartLock(dataDir, async () => {
    const record = readServerRecord(dataDir);
    if (record === undefined) return claim.launch();
    const decision = decideStart(record, await gatherEvidence(record));
    switch (decision.kind) {
      case 'launch':
        return claim.launch();
      case 'adopt':
        return claim.adopt(record);
      case 'refuse':
        throw refusal(dataDir, record, decision.reason);
    }
  });
}

/** A server that was spawned a moment ago does not listen yet: a living process is given this long to answer. */
const listenMs = 1000;

async function gatherEvidence(record: ServerRecord): Promise<RecordEvidence> {
  const deadline = performance.now() + listenMs;
  for (;;) {
    const probe = await probeServer(record.url);
    const serverAlive = isProcessAlive(record.pid);
    if (probe.kind !== 'absent' || !serverAlive || performance.now() > deadline) {
      return { probe, serverAlive, keeperAlive: isProcessAlive(record.keeperPid) };
    }
    await pause(50);
  }
}

function refusal(dataDir: string, record: ServerRecord, reason: 'pool-running' | 'server-silent'): PoolRunningError {
  const { pid, keeperPid, url } = record;
  const message =
    reason === 'pool-running'
      ? `a pool already runs in ${dataDir} (process ${keeperPid}, Redis at ${url}); use that one, stop it with Ctrl-C or \`kill ${keeperPid}\`, or give this one a folder of its own`
      : `the Redis of ${dataDir} (process ${pid}, ${url}) does not answer; end it with \`kill -9 ${pid}\` and start again, or delete ${recordFile(dataDir)} if that process is no Redis`;
  return new PoolRunningError(message, { details: { dataDir, pid, keeperPid, url } });
}
