import { probeServer } from './server-probe.js';
import { readServerRecord } from './server-record.js';

/** Finds the address of the Redis that the pool in this data folder runs on; undefined when none answers. */
export async function findRunningServer(dataDir: string): Promise<string | undefined> {
  const record = readServerRecord(dataDir);
  if (record === undefined) return undefined;
  const probe = await probeServer(record.url);
  if (probe.kind !== 'ready') return undefined;
  // The port may have been given to a stranger's Redis since. An embedded server does not know its process id.
  return record.kind === 'embedded' || probe.identity.processId === record.pid ? record.url : undefined;
}
