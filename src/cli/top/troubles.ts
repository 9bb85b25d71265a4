import { phaseWords } from '../breaker/describe-breaker.js';
import type { Format } from '../output.js';
import { counted } from '../wording.js';
import type { PoolPicture } from './picture.js';

/** Something an operator wants to know before anything else. */
export interface Trouble {
  readonly text: string;
  readonly format: Format;
}

/** From here on Redis begins to refuse work of the least important class soon. */
const memoryShort = 0.8;
const namesShown = 2;

/** What is wrong with the pool, the worst first; empty when nothing is. Pure. */
export function troublesOf(picture: PoolPicture): Trouble[] {
  const { leader, workers, queues, breakers, overload, redis } = picture;
  const isAsleep = wantsNobody(picture);
  const red = (text: string): Trouble => ({ text, format: 'red' });
  const yellow = (text: string): Trouble => ({ text, format: 'yellow' });
  const inState = (state: string) => workers.rows.filter((worker) => worker.state === state).length;
  const late = queues.rows.filter(({ slo }) => slo === 'late').map(({ queue }) => queue);
  const full = queues.rows.filter(({ shed }) => shed.full).map(({ queue }) => queue);
  const paused = queues.rows.filter((queue) => queue.paused).map(({ queue }) => queue);
  const open = breakers.rows.map(({ state }) => state).filter(({ phase }) => phase !== 'closed');
  const memory = redis.maxMemoryBytes === null ? 0 : (redis.usedMemoryBytes ?? 0) / redis.maxMemoryBytes;
  return [
    ...(workers.total > 0 || isAsleep ? [] : [red('no worker runs')]),
    ...(leader === null ? [red('nobody leads')] : []),
    ...(inState('silent') > 0 ? [red(`${counted(inState('silent'), 'worker')} silent`)] : []),
    ...(late.length > 0 ? [red(`late: ${named(late)}`)] : []),
    ...(open.length > 0 ? [red(named(open.map(({ name, phase }) => `breaker ${name} ${phaseWords[phase]}`)))] : []),
    ...(memory > memoryShort ? [red(`Redis has used ${percent(memory)} of its memory`)] : []),
    ...(overload.share > 0 ? [yellow(`${percent(overload.share)} gives way`)] : []),
    ...(full.length > 0 ? [yellow(`full: ${named(full)}`)] : []),
    ...(inState('late') > 0 ? [yellow(`${counted(inState('late'), 'worker')} late`)] : []),
    ...(inState('blocked') > 0 ? [yellow(`${counted(inState('blocked'), 'worker')} blocked`)] : []),
    ...(paused.length > 0 ? [yellow(`paused: ${named(paused)}`)] : []),
    ...(workers.total === 0 && isAsleep
      ? [{ text: 'no worker runs, and none is wanted', format: 'dim' } as const]
      : []),
  ];
}

/** A pool that was scaled to nothing, and has nothing to do. Where nobody leads nobody would wake it. */
function wantsNobody({ leader, groups, queues }: PoolPicture): boolean {
  return (
    leader !== null &&
    groups.length > 0 &&
    groups.every(({ desired }) => desired === 0) &&
    queues.rows.every(({ jobs }) => jobs.waiting + jobs.prioritized + jobs.active === 0)
  );
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** `email, sms and 3 more`. */
function named(names: readonly string[]): string {
  const rest = names.length - namesShown;
  return rest > 0 ? `${names.slice(0, namesShown).join(', ')} and ${rest} more` : names.join(', ');
}
