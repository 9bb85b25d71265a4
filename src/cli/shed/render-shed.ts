import { criticalities } from '../../job/criticality.js';
import type { ShedReason } from '../../job/shed-reason.js';
import type { Paint } from '../output.js';
import { renderTable } from '../table.js';
import { counted, spokenDuration } from '../wording.js';
import type { ShedView } from './read-shed.js';

export const shedReasonWords: Readonly<Record<ShedReason, string>> = {
  overload: 'more arrives than can be done in time',
  pressure: 'Redis or the event loops of the workers are slow',
  memory: 'the memory of Redis runs short',
  operator: 'an operator ordered it',
  queue_full: 'queues are full',
};

/** What is shed, for people. */
export function renderShed({ directive, classes, order, parked }: ShedView, paint: Paint): string {
  const lines: string[] = [];
  if (directive === null) lines.push(paint('yellow', 'no leader says anything: everything is let in'));
  else if (directive.reason === undefined) lines.push('nothing is shed');
  else {
    lines.push(
      paint('bold', `${percent(directive.share)} of what arrives gives way: ${shedReasonWords[directive.reason]}`),
    );
    lines.push(
      '',
      renderTable(
        columns(directive.memoryShort),
        criticalities.map((name) => ({ name, share: classes[name] })),
        paint,
      ),
    );
  }
  const gates = Object.entries(directive?.gates ?? {});
  if (gates.length > 0) lines.push('');
  for (const [queue, opening] of gates) {
    lines.push(
      opening === 0 ? `queue ${queue} is shut` : `queue ${queue} comes back: ${percent(opening)} of its slots`,
    );
  }
  for (const queue of directive?.full ?? []) lines.push(`queue ${queue} is full: nothing new is taken`);
  for (const [queue, count] of Object.entries(parked)) lines.push(`queue ${queue}: ${counted(count, 'job')} set aside`);
  if (order !== null) lines.push('', describeOrder(order));
  return lines.join('\n');
}

/** An order in one sentence. */
export function describeOrder({ target, by, why, endsInMs }: NonNullable<ShedView['order']>): string {
  const what = target === 'none' ? 'sheds nothing' : `sheds ${target} and what is behind it`;
  const end = endsInMs === null ? '' : `, for ${spokenDuration(endsInMs)} more`;
  return `by order of ${by} the pool ${what}${end}: ${why}`;
}

interface ClassRow {
  readonly name: (typeof criticalities)[number];
  readonly share: number;
}

function columns(memoryShort: readonly string[]) {
  return [
    { title: 'CLASS', value: ({ name }: ClassRow) => name },
    {
      title: 'GIVES WAY',
      align: 'right' as const,
      value: ({ share }: ClassRow) => (share === 0 ? '-' : percent(share)),
    },
    { title: 'REFUSED FOR MEMORY', value: ({ name }: ClassRow) => (memoryShort.includes(name) ? 'yes' : '-') },
  ];
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
