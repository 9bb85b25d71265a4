import { breakerOfParkReason } from '../../breaker/park-reason.js';
import { assertNever } from '../../errors/assert-never.js';
import { fallbackForLoad } from '../../job/outcome.js';
import { spokenEnd } from '../../recovery/describe-crash.js';
import type { Format } from '../output.js';
import { counted, shortened, spokenBytes, spokenDuration } from '../wording.js';
import type { Moment, MomentError } from './moment.js';

/** A moment in words: a line, how it is marked, and what stands under it. */
export interface Described {
  readonly text: string;
  readonly format?: Format;
  readonly below?: readonly string[];
}

type Of<W extends Moment['what']> = Extract<Moment, { readonly what: W }>;

const longestLine = 300;

/**
 * Says in words what happened. Nothing in it has been made fit for a terminal yet. Pure.
 *
 * @param before - the error of the attempt before: one like it need not be read again.
 */
export function describeMoment(moment: Moment, before?: MomentError): Described {
  switch (moment.what) {
    case 'enqueued':
      return { text: spokenEnqueuing(moment) };
    case 'started':
      return { text: spokenStart(moment) };
    case 'attempt_failed': {
      const which = moment.attempt === undefined ? 'the attempt' : `attempt ${moment.attempt}`;
      const error = isSame(moment.error, before) ? 'the same error' : spokenError(moment.error);
      return { text: `${which} failed${after(moment.ranMs)}: ${error}`, format: 'yellow' };
    }
    case 'step_done':
      return { text: `step ${moment.name} was done` };
    case 'crashed':
      return {
        text: spokenCrash(moment),
        format: 'red',
        below: moment.lines?.map((line) => `| ${shortened(spokenLogLine(line), longestLine)}`) ?? [],
      };
    case 'parked':
      return { text: spokenParking(moment), format: 'yellow' };
    case 'returned':
      return { text: spokenReturn(moment) };
    case 'given_back':
      return { text: `given back${by(moment.by)}, ${spokenRelease(moment.reason)}${again(moment.times)}` };
    case 'fallback':
      return {
        text: `its fallback ran instead of its handler${spokenFallback(moment)}`,
        format: 'yellow',
      };
    case 'redriven':
      return { text: `redriven${by(moment.by)}: attempts and losses are counted anew`, format: 'bold' };
    case 'dead_lettered': {
      const { reason, error, deadId } = moment;
      const isKnown = error === undefined || isSame(error, before);
      const where = deadId?.includes('~') ? `, lies as ${deadId}` : '';
      return {
        text: `dead-lettered${by(moment.by)} (${reason})${isKnown ? '' : `: ${spokenError(error)}`}${where}`,
        format: 'red',
      };
    }
    case 'completed': {
      const { worker, ranMs, result } = moment;
      return {
        text: `completed${on(worker)}${after(ranMs)}${result === undefined ? '' : `: ${result}`}`,
        format: 'green',
      };
    }
    case 'failed':
      return {
        text: `failed inside its queue${on(moment.worker)}${after(moment.ranMs)}: ${shortened(moment.message ?? 'for no reason given', longestLine)}`,
        format: 'red',
      };
    case 'noted':
      return { text: `${moment.name} ${shortened(moment.details, longestLine)}` };
    case 'left_out':
      return { text: `${counted(moment.moments, 'moment is', 'moments are')} left out here`, format: 'dim' };
    default:
      return assertNever(moment);
  }
}

function spokenEnqueuing({
  by: who,
  key,
  tenant,
  traceId,
  delayMs,
  deadline,
  parent,
  scheduler,
}: Of<'enqueued'>): string {
  return [
    `enqueued${by(who)}`,
    ...(scheduler === undefined ? [] : [`made by the scheduler ${scheduler}`]),
    ...(key === undefined ? [] : [`key ${key}`]),
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    ...(parent === undefined ? [] : [`child of ${parent}`]),
    ...(delayMs === undefined ? [] : [`to start after ${spokenDuration(delayMs)}`]),
    ...(deadline === undefined ? [] : [`worth doing until ${new Date(deadline).toISOString()}`]),
    ...(traceId === undefined ? [] : [`trace ${traceId}`]),
  ].join(', ');
}

const waits = {
  turn: 'in the queue',
  delay: 'as its producer asked',
  backoff: 'of backoff',
  parked: 'aside',
  recovery: 'until another took it',
} as const;

function spokenStart({ worker, attempt, waitedMs, waitedFor }: Of<'started'>): string {
  const waited =
    waitedMs === undefined || waitedFor === undefined ? '' : `, after ${spokenDuration(waitedMs)} ${waits[waitedFor]}`;
  return `started${on(worker)}${attempt === undefined ? '' : ` as attempt ${attempt}`}${waited}`;
}

function spokenError({ name, code, message, class: errorClass, fingerprint }: MomentError): string {
  const title = code === undefined ? name : `${name} (${code})`;
  const facts = [errorClass, fingerprint === undefined ? undefined : `fingerprint ${fingerprint}`];
  const known = facts.filter((fact) => fact !== undefined).join(', ');
  const [firstLine = ''] = (message ?? '').split('\n', 1);
  return `${title}${firstLine === '' ? '' : `: ${shortened(firstLine, longestLine)}`}${known === '' ? '' : ` [${known}]`}`;
}

function isSame(error: MomentError, other: MomentError | undefined): boolean {
  return (
    other !== undefined && error.name === other.name && error.code === other.code && error.message === other.message
  );
}

/** A line of a process' log in a few words; any other line as it is. */
function spokenLogLine(line: string): string {
  try {
    const { level, msg } = Object(JSON.parse(line)) as { readonly level?: unknown; readonly msg?: unknown };
    return typeof level === 'string' && typeof msg === 'string' ? `${level} ${msg}` : line;
  } catch {
    return line;
  }
}

const losses = {
  exited: 'its process ended',
  silent: 'nothing was heard of it any more',
  unowned: 'nobody held the job any more',
} as const;

function spokenCrash({ what: _what, at, ...crash }: Of<'crashed'>): string {
  const { crash: number, how, worker, alone, rssBytes, loopDelayMs, blockedMs } = crash;
  const end = spokenEnd({ ...crash, at: at as never });
  const facts = [
    `lost its worker${worker === undefined ? '' : ` ${worker}`}${number === undefined ? '' : ` (loss ${number})`}: ${losses[how]}`,
    end,
    alone ? 'alone there' : undefined,
    rssBytes === undefined ? undefined : `with ${spokenBytes(rssBytes)}`,
    loopDelayMs === undefined || loopDelayMs < 100 ? undefined : `loop delay ${spokenDuration(loopDelayMs)}`,
    blockedMs === undefined ? undefined : `blocked for ${spokenDuration(blockedMs)}`,
  ];
  return facts.filter((fact) => fact !== undefined).join(', ');
}

const parkings: Readonly<Record<string, string>> = {
  quarantine: 'as a suspect, to run alone',
  shed: 'there was more to do than could be done in time, and it gave way',
  newer_version: 'its payload is newer than its worker',
  children_pending: 'its children had not ended',
  retry_budget: 'the retry budget of its queue was empty',
};

/** Why work gave way. A trail from before that was written down says nothing of it. */
const shedCauses: Readonly<Record<string, string>> = {
  pressure: 'Redis or the event loops of the workers were slow, and it gave way',
  operator: 'an operator had ordered that it gives way',
};

function spokenParking({ at, reason, cause = '', until, times }: Of<'parked'>): string {
  const wait = until === undefined || at === null ? '' : `, for ${spokenDuration(until - at)} at most`;
  const breaker = breakerOfParkReason(reason);
  const known =
    breaker === undefined
      ? (shedCauses[cause] ?? parkings[reason] ?? spokenSlots(reason))
      : `the breaker ${breaker} let no call through`;
  return `set aside (${cause === '' ? reason : `${reason}: ${cause}`})${known === undefined ? '' : `: ${known}`}${wait}${again(times)}`;
}

/** The tenant is named in the reason. */
function spokenSlots(reason: string): string | undefined {
  return reason.startsWith('tenant_slots:') ? 'its tenant ran as many jobs as it may at once' : undefined;
}

function spokenReturn({ reason }: Of<'returned'>): string {
  const breaker = breakerOfParkReason(reason);
  return `brought back (${reason})${breaker === undefined ? '' : `: the breaker ${breaker} lets calls through`}`;
}

function spokenFallback({ breaker }: Of<'fallback'>): string {
  if (breaker === undefined) return '';
  return breaker === fallbackForLoad ? `: ${parkings['shed']}` : `: ${breaker} was not to be called`;
}

function spokenRelease(reason: string | undefined): string {
  if (reason === 'no_slot') return 'which had taken it before a slot was free';
  return reason === 'blocked' ? 'where another job blocked the event loop' : 'which was told to stop';
}

function again(times: number | undefined): string {
  return times === undefined ? '' : `, ${times} times in a row by now`;
}

function by(who: string | undefined): string {
  return who === undefined ? '' : ` by ${who}`;
}

function on(worker: string | undefined): string {
  return worker === undefined ? '' : ` on ${worker}`;
}

function after(ms: number | undefined): string {
  return ms === undefined ? '' : ` after ${spokenDuration(ms)}`;
}
