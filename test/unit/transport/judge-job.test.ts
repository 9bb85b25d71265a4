import { expect, it } from 'vitest';
import type { JobPlaces } from '../../../src/transport/job-places.js';
import { judgeJob } from '../../../src/transport/judge-job.js';

it.each<[string, Pick<JobPlaces, 'hash' | 'places'>, string | undefined]>([
  ['finds nothing wrong with a job in one place', { hash: 'job', places: ['wait'] }, undefined],
  ['calls a job in no place lost', { hash: 'job', places: [] }, 'lost'],
  ['calls an id without a job empty', { hash: 'none', places: ['active'] }, 'empty'],
  ['sees a job in two places', { hash: 'job', places: ['wait', 'active'] }, 'twice'],
  ['sees a job twice in one place', { hash: 'job', places: ['wait', 'wait'] }, 'twice'],
  ['leaves garbage that waits for a worker alone', { hash: 'other', places: ['wait'] }, undefined],
  ['takes no hash of another kind for a lost job', { hash: 'other', places: [] }, undefined],
  ['has nothing to say of a job that is gone', { hash: 'none', places: [] }, undefined],
])('%s', (_title, seen, fault) => {
  expect(judgeJob(seen)).toBe(fault);
});
