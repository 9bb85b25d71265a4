import { AuditReader } from '../audit/audit-reader.js';
import { HeadWitness } from '../audit/head-witness.js';
import { DeadLetterStore } from '../dead-letter/dead-letter-store.js';
import { RetentionSweeper } from '../dead-letter/retention-sweeper.js';
import type { Leader, LeaderService } from './leader.js';

/** Where the audit stream stands is told so often: what was decided since could be written anew unseen. */
const witnessMs = 60_000;

/** What is kept for people to read: drops the dead letters that are too old, and says where the audit stream stands. */
export function createRecordServices(leader: Leader): LeaderService[] {
  const { id, open, queues, deadLetter, leadership, audit, log, metrics } = leader;
  const { client, keyspace } = open;
  const witness = new HeadWitness({ reader: new AuditReader(client, keyspace), log, metrics });
  const retention = new RetentionSweeper({
    client,
    letters: (queue) => new DeadLetterStore(client, keyspace, queue),
    audit,
    queues: () => queues.fencedNames(leadership),
    leadership,
    policy: deadLetter,
    supervisor: id,
    log,
    metrics,
  });
  return [
    { name: 'audit-head', intervalMs: witnessMs, run: () => witness.look(), tellers: [witness] },
    { name: 'retention-sweeper', intervalMs: deadLetter.sweepMs, run: (signal) => retention.sweep(signal) },
  ];
}
