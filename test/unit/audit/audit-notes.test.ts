import { expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/audit/audit-entry.js';
import { AuditNotes } from '../../../src/audit/audit-notes.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { recordingLog } from '../service/recording-log.js';

const entry = (n: number): AuditEntry => ({
  by: 's1',
  what: 'queue.pause',
  queue: `q${n}`,
  why: 'a test',
  details: {},
});

function startNotes(append: (entry: AuditEntry, at: EpochMs) => Promise<void>) {
  const clock = { time: 1_000, now: () => clock.time as EpochMs, elapsed: () => 0 };
  const { log, lines } = recordingLog();
  return { notes: new AuditNotes({ audit: { append }, clock, log }), clock, lines };
}

it('writes what was noted, in order, with the moment at which it was', async () => {
  const written: [string, number][] = [];
  const { notes, clock } = startNotes(async ({ what }, at) => {
    written.push([what, at]);
  });

  notes.add(entry(1));
  clock.time = 2_000;
  notes.add(entry(2));
  await notes.written();
  notes.add(entry(3));
  await notes.written();

  expect(written.map(([, at]) => at)).toEqual([1_000, 2_000, 2_000]);
});

it('logs what cannot be written, and goes on with the next', async () => {
  const written: AuditEntry[] = [];
  const { notes, lines } = startNotes(async (one) => {
    if (written.length === 0 && lines.length === 0) throw new Error('no room');
    written.push(one);
  });

  notes.add(entry(1));
  notes.add(entry(2));
  await notes.written();

  expect(lines).toEqual(['error audit.not_written']);
  expect(written).toEqual([entry(2)]);
});

it('logs what is too many to wait for a Redis that is away', () => {
  const { notes, lines } = startNotes(() => new Promise(() => undefined));

  for (let n = 0; n <= 1_000; n++) notes.add(entry(n));

  expect(lines).toEqual(['error audit.not_written: too many wait']);
});
