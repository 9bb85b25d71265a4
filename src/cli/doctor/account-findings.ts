import type { Finding } from '../../redis/fitness.js';
import { counted } from '../wording.js';
import type { Census, QueueAccount } from './take-census.js';

const idsShown = 5;

/** Says what the census means. Pure. An error is a job that will never run, or may run twice. */
export function accountFindings({ accounts, unlisted, complete }: Census, leads: boolean): Finding[] {
  // Most queues have no dead letters, and a line about each that has none tells nothing.
  const shown = accounts.filter((one) => !one.queue.endsWith('.dead') || one.jobs > 0 || one.inPlaces > 0);
  return [
    ...shown.flatMap((one) => queueFindings(one, leads)),
    ...unlisted.map(
      (queue): Finding => ({
        check: `jobs of ${queue}`,
        level: 'warn',
        detail: 'the queue holds jobs, and no worker and no producer of Bulwark has ever told of it',
        fix: 'run a worker that knows its kinds, or purge it with the tool that filled it',
      }),
    ),
    ...(complete
      ? []
      : [
          {
            check: 'accounting',
            level: 'warn' as const,
            detail:
              'Redis has too many keys to look at all of them: what was looked at is in order unless said otherwise',
          },
        ]),
  ];
}

function queueFindings(account: QueueAccount, leads: boolean): Finding[] {
  const { queue, jobs, inPlaces, faults, leaseless } = account;
  const check = `jobs of ${queue}`;
  const findings: Finding[] = [];
  if (faults.lost.length > 0) {
    findings.push({
      check,
      level: 'error',
      detail: `${counted(faults.lost.length, 'job')} lost: there, and in no state, so nobody will run it (${named(faults.lost)})`,
      fix: '`bulwark job show <id>` shows its payload: enqueue it again',
    });
  }
  if (faults.empty.length > 0) {
    findings.push({
      check,
      level: 'error',
      detail: `${counted(faults.empty.length, 'id')} without a job behind it (${named(faults.empty)})`,
      fix: 'somebody deleted the job by hand: a worker skips the id when its turn comes',
    });
  }
  if (faults.twice.length > 0) {
    findings.push({
      check,
      level: 'error',
      detail: `${counted(faults.twice.length, 'job')} in two states at once, which may run twice (${named(faults.twice)})`,
      fix: 'somebody wrote into the queue by hand: remove the id from one of the two',
    });
  }
  if (leaseless.length > 0) {
    findings.push({
      check,
      level: leads ? 'warn' : 'error',
      detail: `${counted(leaseless.length, 'active job')} that no worker holds (${named(leaseless)})`,
      fix: leads ? 'the supervisor puts it back within seconds; look again' : 'nobody puts it back: run a supervisor',
    });
  }
  if (findings.length > 0) return findings;
  if (!account.complete) {
    const detail = `more jobs than can be looked at one by one; nothing is wrong with the ${inPlaces} that were`;
    return [{ check, level: 'warn', detail }];
  }
  return [{ check, level: 'ok', detail: `${counted(jobs, 'job')}${sums(account)}` }];
}

/** `: 3 wait, 2 completed; each in exactly one state`. */
function sums({ places }: QueueAccount): string {
  const filled = Object.entries(places).filter(([, count]) => count > 0);
  if (filled.length === 0) return '';
  return `: ${filled.map(([place, count]) => `${count} ${place}`).join(', ')}; each in exactly one state`;
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, idsShown).join(', ');
  return ids.length <= idsShown ? shown : `${shown} and ${ids.length - idsShown} more`;
}
