import { expect, it } from 'vitest';
import type { AuditHead } from '../../../src/audit/audit-reader.js';
import { HeadWitness } from '../../../src/audit/head-witness.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { recordingLog } from '../service/recording-log.js';

const head = (seq: number, hash = `hash ${seq}`): AuditHead => ({ seq, hash, day: '20260304', trimmed: 2 });

async function witness(...heads: readonly (AuditHead | undefined)[]) {
  const { log, lines } = recordingLog();
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const left = [...heads];
  const looker = new HeadWitness({ reader: { head: async () => left.shift() }, log, metrics });
  for (const _head of heads) await looker.look();
  return { lines, page: await metrics.render() };
}

it('says where the chain stands, when that is news', async () => {
  const { lines, page } = await witness(undefined, head(4), head(4), head(6));

  expect(lines).toEqual(['info audit.head', 'info audit.head']);
  expect(page).toContain('bulwark_audit_entries{role="supervisor"} 6');
  expect(page).toContain('bulwark_audit_trimmed_entries{role="supervisor"} 2');
});

it.each([
  ['stands at an earlier entry', head(3)],
  ['has another hash for the same entry', head(4, 'another')],
  ['is gone', undefined],
])('raises the alarm when the chain %s', async (_what, after) => {
  const { lines } = await witness(head(4), after);

  expect(lines).toContain('error audit.set_back');
});
