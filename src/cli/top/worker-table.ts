import type { Paint } from '../output.js';
import type { WorkerView } from '../status/read-workers.js';
import { stateColours } from '../status/render-workers.js';
import { spokenBytes, spokenDuration } from '../wording.js';
import { fitTable } from './fit-table.js';
import type { Line } from './line.js';

/** A loop that is held up for so long makes beats and renewals late. */
const loopIsSlowMs = 250;

/** The workers: what they do, and how well their processes are. */
export function workerTable(workers: readonly WorkerView[], title: string, width: number, paint: Paint): Line[] {
  return fitTable<WorkerView>(
    [
      { title, rank: 0, atLeast: 12, value: ({ id }) => id },
      { title: 'STATE', rank: 0, value: ({ state }) => state, format: ({ state }) => stateColours[state] },
      {
        title: 'BUSY',
        rank: 0,
        align: 'right',
        value: ({ busy, usable }) => `${busy}/${usable}`,
        format: ({ usable, slots }) => (usable < slots ? 'yellow' : undefined),
      },
      { title: 'BEAT', rank: 3, align: 'right', value: ({ beatAgeMs }) => spokenDuration(beatAgeMs) },
      {
        title: 'LOOP',
        rank: 2,
        align: 'right',
        value: ({ loopDelayMs }) => spokenDuration(loopDelayMs),
        format: ({ loopDelayMs }) => (loopDelayMs > loopIsSlowMs ? 'yellow' : undefined),
      },
      { title: 'MEMORY', rank: 2, align: 'right', value: ({ rssBytes }) => spokenBytes(rssBytes) },
      { title: 'UPTIME', rank: 4, align: 'right', value: ({ uptimeMs }) => spokenDuration(uptimeMs) },
      {
        title: 'LONGEST',
        rank: 1,
        atLeast: 12,
        value: ({ longest }) => (longest ? `${spokenDuration(longest.forMs)} ${longest.kind}` : '-'),
      },
    ],
    workers,
    width,
    paint,
  );
}

const ranks: Readonly<Record<WorkerView['state'], number>> = {
  silent: 0,
  late: 1,
  blocked: 2,
  draining: 3,
  quiet: 3,
  running: 3,
};

/** Those that are in trouble first; the others in the order of their start. */
export function troubledFirst(workers: readonly WorkerView[]): WorkerView[] {
  return workers.toSorted((one, other) => ranks[one.state] - ranks[other.state]);
}
