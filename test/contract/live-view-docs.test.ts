import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { EpochMs } from '../../src/time/duration.js';
import {
  listed,
  pictureAt,
  poolPicture,
  recentEntry,
  topBreaker,
  topQueue,
  workerView,
} from '../support/pool-picture.js';

/** A picture in which everything is there that can be. */
const whole = poolPicture({
  overload: {
    share: 0.1,
    reason: 'operator',
    classes: { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 1 },
    order: { target: 'sheddable', by: 'ada@ops', why: 'sale', endsInMs: 60_000 },
  },
  queues: listed([topQueue({ maxWaiting: 10 })]),
  workers: listed([workerView({})]),
  breakers: listed([topBreaker({ until: (pictureAt + 1) as EpochMs, by: 'ada@ops', why: 'sale' })]),
  decisions: [recentEntry({})],
});

/** Names of fields that the page explains as one. */
const asOne = ['queues.rows[].jobs', 'overload.classes', 'breakers.rows[].state'];

function pathsOf(value: unknown, path = ''): string[] {
  if (asOne.includes(path) || typeof value !== 'object' || value === null) return [path];
  if (Array.isArray(value))
    return value.every((entry) => typeof entry !== 'object') ? [path] : pathsOf(value[0], `${path}[]`);
  return Object.entries(value).flatMap(([name, field]) => pathsOf(field, path === '' ? name : `${path}.${name}`));
}

it('docs/live-view.md explains every field of the document that `bulwark top --json` writes, and no other', () => {
  const page = readFileSync('docs/live-view.md', 'utf8');
  const [, table = ''] = page.split('| field | |\n');
  const explained = table
    .split('\n\n', 1)[0]
    ?.split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? ''));

  expect(explained?.sort()).toEqual(pathsOf(whole).sort());
});
