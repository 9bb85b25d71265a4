import type { Paint } from '../output.js';
import { renderTable } from '../table.js';
import { shortened, spokenBytes, spokenDuration } from '../wording.js';
import type { WorkerView } from './read-workers.js';

const kindsShown = 40;
const stateColours = {
  running: 'green',
  quiet: 'yellow',
  draining: 'yellow',
  blocked: 'yellow',
  late: 'yellow',
  silent: 'red',
} as const;

/** How many run, of how many may, and how many those are meant to be where that is another number. */
function busyText({ busy, slots, usable }: WorkerView): string {
  return usable === slots ? `${busy}/${slots}` : `${busy}/${usable} of ${slots}`;
}

/** The workers as a table. */
export function renderWorkers(workers: readonly WorkerView[], paint: Paint): string {
  return renderTable(
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'PID', align: 'right', value: ({ pid }) => String(pid) },
      { title: 'STATE', value: ({ state }) => state, format: ({ state }) => stateColours[state] },
      { title: 'BEAT', align: 'right', value: ({ beatAgeMs }) => spokenDuration(beatAgeMs) },
      { title: 'BUSY', align: 'right', value: busyText },
      { title: 'MEMORY', align: 'right', value: ({ rssBytes }) => spokenBytes(rssBytes) },
      { title: 'UPTIME', align: 'right', value: ({ uptimeMs }) => spokenDuration(uptimeMs) },
      {
        title: 'LONGEST',
        value: ({ longest }) => (longest ? `${longest.kind} ${spokenDuration(longest.forMs)}` : '-'),
      },
      { title: 'KINDS', value: ({ kinds }) => shortened(kinds.join(', '), kindsShown) },
    ],
    workers,
    paint,
  );
}
