import { expect, it } from 'vitest';
import type { CancelResult } from '../../../../src/cli/jobs/cancel-job.js';
import { renderCancel } from '../../../../src/cli/jobs/render-cancel.js';

const job = { id: '7', queue: 'email' };

it.each<[CancelResult, boolean, string]>([
  [{ ...job, outcome: 'cancelled' }, false, 'called off 7: it lies among the dead letters of email'],
  [
    { ...job, outcome: 'cancelled', worker: 'w1' },
    false,
    'called off 7: it lies among the dead letters of email; w1 ran it',
  ],
  [{ ...job, outcome: 'cancelled' }, true, 'would dead-letter 7 of email, which waits'],
  [{ ...job, outcome: 'marked' }, false, 'marked 7 to fail when a worker takes it'],
  [{ ...job, outcome: 'marked' }, true, 'would mark 7 to fail'],
  [{ ...job, outcome: 'still_running', worker: 'w1' }, false, '7 still runs on w1, which was asked to call it off'],
  [{ ...job, outcome: 'still_running', worker: 'w1' }, true, 'would ask w1 to call off 7, which runs'],
  [{ ...job, outcome: 'still_running' }, false, '7 still runs on a worker that has let go of it'],
  [{ ...job, outcome: 'not_ours' }, false, '7 is run by a plain BullMQ worker'],
  [{ ...job, outcome: 'scheduled' }, false, '7 is the next run of a job scheduler'],
  [{ ...job, outcome: 'ended', state: 'completed' }, false, 'nothing to call off: 7 is completed'],
  [{ ...job, outcome: 'ended' }, false, 'nothing to call off: 7 is gone'],
])('says of %j, as a rehearsal %s, "%s …"', (result, dryRun, words) => {
  expect(renderCancel(result, dryRun).startsWith(words)).toBe(true);
});
