import { expect, it } from 'vitest';
import { decideStart, type RecordEvidence } from '../../../src/redis/server/decide-start.js';
import type { ServerProbe } from '../../../src/redis/server/server-probe.js';
import type { ServerRecord } from '../../../src/redis/server/server-record.js';

const record: ServerRecord = {
  url: 'redis://127.0.0.1:7001',
  kind: 'process',
  pid: 100,
  keeperPid: 99,
  startedAt: '2026-01-01T00:00:00.000Z',
};

const answer = (kind: 'ready' | 'loading', processId: number): ServerProbe => ({
  kind,
  identity: { kind: 'redis', version: '7.0.15', processId },
});

const evidence = (given: Partial<RecordEvidence>): RecordEvidence => ({
  probe: answer('ready', 100),
  serverAlive: true,
  keeperAlive: true,
  ...given,
});

it.each<[string, Partial<RecordEvidence>, string, string]>([
  ['refuses while server and keeper live', {}, 'refuse', 'pool-running'],
  ['refuses while the server still loads', { probe: answer('loading', 100) }, 'refuse', 'pool-running'],
  ['adopts the server of a dead keeper', { keeperAlive: false }, 'adopt', 'keeper-gone'],
  ['adopts it while it loads', { keeperAlive: false, probe: answer('loading', 100) }, 'adopt', 'keeper-gone'],
  ['launches when the server is dead', { serverAlive: false, probe: { kind: 'absent' } }, 'launch', 'server-gone'],
  [
    'launches when its id went to a program that does not listen',
    { probe: { kind: 'absent' } },
    'launch',
    'server-gone',
  ],
  ['launches when its port went to another Redis', { probe: answer('ready', 4711) }, 'launch', 'server-gone'],
  ['refuses when the server lives and says nothing', { probe: { kind: 'silent' } }, 'refuse', 'server-silent'],
  ['does so for a dead keeper too', { probe: { kind: 'silent' }, keeperAlive: false }, 'refuse', 'server-silent'],
])('%s', (_title, given, kind, reason) => {
  const decision = decideStart(record, evidence(given));

  expect(decision).toEqual({ kind, reason });
});

it.each<[string, Partial<RecordEvidence>, string, string]>([
  [
    'refuses while an embedded server answers, whatever process id it names',
    { probe: answer('ready', 1) },
    'refuse',
    'pool-running',
  ],
  [
    'launches when the process of an embedded server is dead',
    { serverAlive: false, probe: { kind: 'absent' } },
    'launch',
    'server-gone',
  ],
])('%s', (_title, given, kind, reason) => {
  const decision = decideStart({ ...record, kind: 'embedded' }, evidence(given));

  expect(decision).toEqual({ kind, reason });
});
