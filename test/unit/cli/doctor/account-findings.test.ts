import { expect, it } from 'vitest';
import { accountFindings } from '../../../../src/cli/doctor/account-findings.js';
import type { Census, QueueAccount } from '../../../../src/cli/doctor/take-census.js';
import { placeNames } from '../../../../src/transport/job-places.js';

const account = (
  given: Partial<Omit<QueueAccount, 'places'>> & { places?: Partial<QueueAccount['places']> },
): QueueAccount => ({
  queue: 'email',
  jobs: 0,
  inPlaces: 0,
  faults: { lost: [], empty: [], twice: [], ...given.faults },
  leaseless: [],
  complete: true,
  ...given,
  places: { ...(Object.fromEntries(placeNames.map((name) => [name, 0])) as QueueAccount['places']), ...given.places },
});

const census = (accounts: QueueAccount[], given: Partial<Census> = {}): Census => ({
  accounts,
  unlisted: [],
  complete: true,
  ...given,
});

it('sums up a queue that is in order', () => {
  const findings = accountFindings(
    census([account({ jobs: 5, inPlaces: 5, places: { wait: 3, completed: 2 } })]),
    true,
  );

  expect(findings).toEqual([
    { check: 'jobs of email', level: 'ok', detail: '5 jobs: 3 wait, 2 completed; each in exactly one state' },
  ]);
});

it.each<[string, Partial<QueueAccount>, boolean, string, RegExp]>([
  ['a lost job is an error', { faults: { lost: ['7'], empty: [], twice: [] } }, true, 'error', /1 job lost.*\(7\)/],
  [
    'an id without a job is an error',
    { faults: { lost: [], empty: ['7'], twice: [] } },
    true,
    'error',
    /without a job/,
  ],
  ['a job in two states is an error', { faults: { lost: [], empty: [], twice: ['7'] } }, true, 'error', /two states/],
  ["a job nobody holds is the supervisor's to bring back", { leaseless: ['7'] }, true, 'warn', /no worker holds/],
  ['without a supervisor nobody brings it back', { leaseless: ['7'] }, false, 'error', /no worker holds/],
])('%s', (_title, given, leads, level, detail) => {
  const findings = accountFindings(census([account(given)]), leads);

  expect(findings).toMatchObject([{ level, detail: expect.stringMatching(detail) }]);
});

it('names only the first of many ids', () => {
  const lost = Array.from({ length: 12 }, (_, index) => `job-${index}`);

  const [finding] = accountFindings(census([account({ faults: { lost, empty: [], twice: [] } })]), true);

  expect(finding?.detail).toContain('job-0, job-1, job-2, job-3, job-4 and 7 more');
});

it('says of a queue that is too large that not every job was looked at', () => {
  const findings = accountFindings(census([account({ jobs: 9, inPlaces: 7, complete: false })]), true);

  expect(findings).toMatchObject([{ level: 'warn', detail: expect.stringContaining('the 7 that were') }]);
});

it('is silent about dead-letter queues that are empty', () => {
  const findings = accountFindings(census([account({}), account({ queue: 'email.dead' })]), true);

  expect(findings.map(({ check }) => check)).toEqual(['jobs of email']);
});

it('says when not everything was looked at, and of queues nobody told of', () => {
  const findings = accountFindings(census([], { complete: false, unlisted: ['stray'] }), true);

  expect(findings.map(({ check, level }) => [check, level])).toEqual([
    ['jobs of stray', 'warn'],
    ['accounting', 'warn'],
  ]);
});
