import type { Moment } from './moment.js';
import { placeMoments } from './place-moments.js';
import { type Life, tellLife } from './tell-life.js';

/** More than anything that Bulwark writes; what somebody else wrote may be longer. */
const defaultMost = 400;
/** Of a story that is too long so many moments stay at its beginning, and the others at its end. */
const openingMoments = 50;

/**
 * Tells the story of a job from what is kept of it, in the order of time. Producer, workers, supervisor and Redis each told of it by a
 * clock of their own: Redis' is believed, and the others as far as it lets them. Pure.
 *
 * @param lives - the job and its earlier deaths, in their order: an id lives anew only after it has died.
 * @param now - Redis' time.
 */
export function tellStory(lives: readonly Life[], now: number, most = defaultMost): Moment[] {
  const moments = placeMoments(lives.flatMap((life) => tellLife(life, now)));
  return shorten(
    moments.map((moment, index) => withWait(moment, moments, index)),
    most,
  );
}

/** How long a start was waited for, and why, as what happened before it tells. */
function withWait(moment: Moment, moments: readonly Moment[], index: number): Moment {
  if (moment.what !== 'started' || moment.at === null) return moment;
  const before = moments.slice(0, index).findLast(({ what }) => what !== 'step_done');
  const waitedFor = before && reasonToWait(before);
  if (waitedFor === undefined || before?.at == null) return moment;
  return { ...moment, waitedMs: moment.at - before.at, waitedFor };
}

function reasonToWait(before: Moment): Extract<Moment, { what: 'started' }>['waitedFor'] {
  switch (before.what) {
    case 'enqueued':
      return before.delayMs === undefined ? 'turn' : 'delay';
    case 'redriven':
    case 'given_back':
    case 'returned':
      return 'turn';
    case 'attempt_failed':
      return 'backoff';
    case 'parked':
      return 'parked';
    case 'crashed':
      return 'recovery';
    default:
      return undefined;
  }
}

function shorten(moments: readonly Moment[], most: number): Moment[] {
  if (moments.length <= most) return [...moments];
  const closing = most - openingMoments - 1;
  const leftOut = moments.length - openingMoments - closing;
  return [
    ...moments.slice(0, openingMoments),
    { at: null, what: 'left_out', moments: leftOut },
    ...moments.slice(-closing),
  ];
}
