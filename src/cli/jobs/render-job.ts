import { fallbackForLoad } from '../../job/outcome.js';
import type { JobView } from '../../transport/queue-inspector.js';
import { describeBreaker } from '../breaker/describe-breaker.js';
import type { HoldingBreaker } from '../breaker/read-breakers.js';
import type { Paint } from '../output.js';
import { counted } from '../wording.js';
import { compact, moment, page } from './page.js';

/** A job in its queue, as a page of text. */
export function renderJob(job: JobView, paint: Paint, heldBy?: HoldingBreaker): string {
  const { meta } = job;
  return page(
    [
      ['job', job.id, 'bold'],
      ['queue', job.queue],
      job.state === 'unknown'
        ? ['state', 'in no state: the job is lost, see bulwark doctor', 'red']
        : ['state', job.state],
      ['kind', `${job.kind}${meta.version === undefined ? '' : `, version ${meta.version}`}`],
      ['key', meta.key],
      ['tenant', meta.tenant],
      ['enqueued', `${moment(job.enqueuedAt)}${meta.producer ? ` by ${meta.producer}` : ''}`],
      ['deadline', meta.deadline === undefined ? undefined : moment(meta.deadline)],
      [
        'started',
        job.startedAt === undefined ? undefined : `${moment(job.startedAt)}${job.worker ? ` by ${job.worker}` : ''}`,
      ],
      ['finished', job.finishedAt === undefined ? undefined : moment(job.finishedAt)],
      [
        'attempts',
        `${job.attemptsMade} used up, ${counted(job.starts, 'start')}${job.crashes > 0 ? `, ${counted(job.crashes, 'crash', 'crashes')}` : ''}`,
      ],
      [
        'set aside',
        heldBy === undefined
          ? job.parkedFor
          : `${job.parkedFor}: that breaker is ${describeBreaker(heldBy.breaker, heldBy.now)}`,
      ],
      ['progress', job.progress === undefined || job.progress === 0 ? undefined : compact(job.progress)],
      ['failed', job.failedReason || undefined, 'red'],
      ['result', job.state === 'completed' ? compact(job.result) : undefined],
      ['result of', resultOf(job.fallbackFor)],
    ],
    job,
    job.payload,
    paint,
  );
}

function resultOf(fallbackFor: string | undefined): string | undefined {
  if (fallbackFor === undefined) return undefined;
  return `its fallback, because ${fallbackFor === fallbackForLoad ? 'there was too much to do' : `of breaker ${fallbackFor}`}`;
}
