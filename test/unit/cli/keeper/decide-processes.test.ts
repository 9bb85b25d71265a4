import { expect, it } from 'vitest';
import { decideProcesses } from '../../../../src/cli/keeper/decide-processes.js';
import type { ScaleRecord } from '../../../../src/scaling/scale-record.js';

const wants = (desired: number, ...queues: string[]): Pick<ScaleRecord, 'desired' | 'queues'> => ({
  desired,
  queues: queues.map((queue) => ({ queue }) as ScaleRecord['queues'][number]),
});
const bounds = { min: 1, max: 6 };

it.each<[string, Parameters<typeof decideProcesses>[0], string[], number, number]>([
  ['what is wanted', [wants(4, 'email')], ['email'], 2, 4],
  ['fewer when fewer are wanted', [wants(2, 'email')], ['email'], 5, 2],
  ['at least so many', [wants(0, 'email')], ['email'], 3, 1],
  ['at most so many', [wants(60, 'email')], ['email'], 3, 6],
  ['what the neediest of its groups wants', [wants(2, 'email'), wants(5, 'video')], ['email', 'video'], 1, 5],
  ['nothing of what other workers are wanted for', [wants(2, 'email'), wants(5, 'video')], ['email'], 1, 2],
  ['what it has when nobody has decided', [], ['email'], 3, 3],
  ['no fewer while nobody has decided about one of its queues', [wants(2, 'email')], ['email', 'video'], 3, 3],
  ['more all the same', [wants(5, 'email')], ['email', 'video'], 3, 5],
  ['what it has while no worker has said what it serves', [wants(5, 'email')], [], 2, 2],
])('runs %s', (_, records, queues, has, processes) => {
  expect(decideProcesses(records, queues, has, bounds)).toBe(processes);
});
