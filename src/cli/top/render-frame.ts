import { criticalities } from '../../job/criticality.js';
import type { Paint } from '../output.js';
import { describeOrder, shedReasonWords } from '../shed/render-shed.js';
import { counted, spokenBytes, spokenDuration } from '../wording.js';
import { breakerTable } from './breaker-table.js';
import { decisionTable } from './decision-table.js';
import { groupTable } from './group-table.js';
import { helpLines } from './help-lines.js';
import { emptyLine, type Line, lineOf, type Span } from './line.js';
import { orderQueues } from './order-queues.js';
import type { PoolPicture } from './picture.js';
import { queueTable } from './queue-table.js';
import { shareLines } from './share-lines.js';
import { percent, troublesOf } from './troubles.js';
import type { ViewState } from './view-state.js';
import { troubledFirst, workerTable } from './worker-table.js';

export interface FrameSize {
  readonly columns: number;
  /** As many as it takes when it does not say. */
  readonly rows?: number | undefined;
}

export interface Frame {
  readonly picture: PoolPicture;
  readonly view: ViewState;
  readonly size: FrameSize;
  /** What is wrong with the picture itself: that it is old, and why. */
  readonly notice?: string | undefined;
  /** Whether somebody sits at the keys. */
  readonly live: boolean;
}

/** One screen: no line is wider than it is, and no more lines than it has; what matters most comes first. Pure. */
export function renderFrame({ picture, view, size, notice, live }: Frame, paint: Paint): Line[] {
  const { columns, rows = Number.POSITIVE_INFINITY } = size;
  const head = [
    headline(picture, columns, paint),
    notice === undefined ? healthLine(picture, columns, paint) : noticeLine(notice, columns, paint),
    overloadLine(picture, columns, paint),
  ];
  const foot = live ? [footer(view, columns, paint)] : [];
  const room = Math.max(0, rows - head.length - foot.length);
  const body = view.help ? helpLines(columns, paint).slice(0, room) : bodyLines(picture, view, columns, room, paint);
  const lines = [...head, ...body];
  // The keys stand on the last line, wherever the tables end.
  const fill = live && rows < Number.POSITIVE_INFINITY ? Math.max(0, rows - lines.length - foot.length) : 0;
  return [...lines, ...Array.from({ length: fill }, () => emptyLine), ...foot].slice(0, rows);
}

function headline({ redis, at, leader, readMs }: PoolPicture, columns: number, paint: Paint): Line {
  const limit = redis.maxMemoryBytes === null ? '' : ` of ${spokenBytes(redis.maxMemoryBytes)}`;
  const memory = redis.usedMemoryBytes === null ? '' : `  Redis ${spokenBytes(redis.usedMemoryBytes)}${limit}`;
  const lead =
    leader === null ? '' : `  led by ${leader.id} for ${spokenDuration(leader.leadsForMs)} (epoch ${leader.epoch})`;
  return lineOf(
    [
      { text: 'bulwark top', format: 'bold' },
      { text: `  ${redis.namespace}  ${new Date(at).toISOString().slice(11, 19)} UTC${lead}${memory}  ` },
      { text: `${redis.address}, read in ${spokenDuration(readMs)}`, format: 'dim' },
    ],
    columns,
    paint,
  );
}

function healthLine(picture: PoolPicture, columns: number, paint: Paint): Line {
  const troubles = troublesOf(picture);
  if (troubles.length === 0) return lineOf([{ text: 'healthy', format: 'green' }], columns, paint);
  const spans = troubles.flatMap((trouble, index): Span[] => [...(index === 0 ? [] : [{ text: '  ' }]), trouble]);
  return lineOf(spans, columns, paint);
}

function noticeLine(notice: string, columns: number, paint: Paint): Line {
  return lineOf([{ text: notice, format: 'red' }], columns, paint);
}

function overloadLine({ overload, leader }: PoolPicture, columns: number, paint: Paint): Line {
  const { share, reason, classes, order } = overload;
  const spans: Span[] = [];
  if (share === 0 && reason === null) {
    spans.push({ text: leader === null ? 'everything is let in' : 'nothing gives way', format: 'dim' });
  } else {
    const cut = criticalities.filter((name) => classes[name] > 0).map((name) => `${name} ${percent(classes[name])}`);
    const why = reason === null ? '' : `: ${shedReasonWords[reason]}`;
    spans.push({ text: `${percent(share)} gives way${why}`, format: 'yellow' });
    if (cut.length > 0) spans.push({ text: `  (${cut.toReversed().join(', ')})` });
  }
  if (order !== null) spans.push({ text: `  ${describeOrder(order)}`, format: 'magenta' });
  return lineOf(spans, columns, paint);
}

/** One table of the screen: how many rows there are to show, of how many, and what it looks like with the first few of them. */
interface Part {
  readonly shown: number;
  readonly total: number;
  readonly draw: (count: number) => Line[];
}

function bodyLines(picture: PoolPicture, view: ViewState, columns: number, room: number, paint: Paint): Line[] {
  const parts = partsOf(picture, view, columns, paint).filter(({ shown }) => shown > 0);
  const wants = parts.map(({ shown, total }) => 1 + shown + (total > shown ? 1 : 0));
  // Where there is room for everything, there is room for air between the tables.
  const air = wants.reduce((sum, want) => sum + want + 1, 0) <= room ? 1 : 0;
  const shares = shareLines(room, wants);
  return parts.flatMap((part, index) => {
    const share = shares[index] ?? 0;
    if (share === 0) return [];
    return [...(air === 1 ? [emptyLine] : []), ...drawPart(part, share, columns, paint)];
  });
}

function drawPart({ shown, total, draw }: Part, lines: number, columns: number, paint: Paint): Line[] {
  const fits = lines - 1 >= shown && total === shown;
  const count = fits ? shown : Math.min(shown, lines - 2);
  // A title and one line: the row that matters most says more than how many there are.
  if (!fits && count < 1) return draw(1);
  const table = draw(count);
  return fits ? table : [...table, lineOf([{ text: `… ${total - count} more`, format: 'dim' }], columns, paint)];
}

/** The tables in the order of how much they matter. */
function partsOf(picture: PoolPicture, view: ViewState, columns: number, paint: Paint): Part[] {
  const { queues, workers, breakers, groups, decisions, at } = picture;
  const chosen = orderQueues(queues.rows, view.order, view.filter);
  const leftOut = view.filter === '' ? queues.total - queues.rows.length : 0;
  const known = breakers.rows.length;
  const staff = troubledFirst(workers.rows);
  const busy = workers.rows.reduce((sum, worker) => sum + worker.busy, 0);
  const slots = workers.rows.reduce((sum, worker) => sum + worker.usable, 0);
  const some = <T>(rows: readonly T[], count: number): readonly T[] => rows.slice(0, count);
  return [
    {
      shown: chosen.length,
      total: chosen.length + leftOut,
      draw: (count) => queueTable(some(chosen, count), counted(queues.total, 'QUEUE', 'QUEUES'), columns, paint),
    },
    {
      shown: known,
      total: breakers.total,
      draw: (count) =>
        breakerTable(some(breakers.rows, count), at, counted(breakers.total, 'BREAKER', 'BREAKERS'), columns, paint),
    },
    {
      shown: staff.length,
      total: workers.total,
      draw: (count) =>
        workerTable(
          some(staff, count),
          `${counted(workers.total, 'WORKER', 'WORKERS')} ${busy}/${slots}`,
          columns,
          paint,
        ),
    },
    {
      shown: groups.length,
      total: groups.length,
      draw: (count) => groupTable(some(groups, count), counted(groups.length, 'GROUP', 'GROUPS'), columns, paint),
    },
    {
      shown: decisions.length,
      total: decisions.length,
      draw: (count) => decisionTable(some(decisions, count), at, 'DECISIONS', columns, paint),
    },
  ];
}

function footer({ order, filter, typing, paused }: ViewState, columns: number, paint: Paint): Line {
  const search = typing ? `/${filter}▏ Enter keeps, Esc clears` : `/ filter${filter === '' ? '' : `: ${filter}`}`;
  return lineOf(
    [
      { text: paused ? 'p go on' : 'p pause', format: paused ? 'yellow' : 'dim' },
      { text: `  s sort: ${order}  `, format: 'dim' },
      { text: search, format: typing || filter !== '' ? 'cyan' : 'dim' },
      { text: '  ? help  q quit', format: 'dim' },
    ],
    columns,
    paint,
  );
}
