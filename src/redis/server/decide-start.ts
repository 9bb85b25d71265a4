import type { ServerProbe } from './server-probe.js';
import type { ServerRecord } from './server-record.js';

/** What is known of the server that a record names. */
export interface RecordEvidence {
  readonly probe: ServerProbe;
  readonly serverAlive: boolean;
  readonly keeperAlive: boolean;
}

export type StartDecision =
  | { readonly kind: 'launch'; readonly reason: 'server-gone' }
  | { readonly kind: 'adopt'; readonly reason: 'keeper-gone' }
  | { readonly kind: 'refuse'; readonly reason: 'pool-running' | 'server-silent' };

/**
 * Decides whether a keeper may start a server in a folder where one ran before. Pure.
 *
 * Two servers on one append-only file destroy it, so while the old one may still be there, none is started. Process
 * ids alone prove nothing, since they are given out again: the server itself must say that it has the recorded one.
 */
export function decideStart(record: ServerRecord, evidence: RecordEvidence): StartDecision {
  const { probe, serverAlive, keeperAlive } = evidence;
  if (!serverAlive || probe.kind === 'absent') return { kind: 'launch', reason: 'server-gone' };
  if (probe.kind === 'silent') return { kind: 'refuse', reason: 'server-silent' };
  // An embedded server is a part of its keeper's process and does not know its id.
  if (record.kind === 'embedded') return { kind: 'refuse', reason: 'pool-running' };
  if (probe.identity.processId !== record.pid) return { kind: 'launch', reason: 'server-gone' };
  return keeperAlive ? { kind: 'refuse', reason: 'pool-running' } : { kind: 'adopt', reason: 'keeper-gone' };
}
