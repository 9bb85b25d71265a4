import { expect, it } from 'vitest';
import { type Clue, explainAbsence } from '../../../../src/cli/trace/explain-absence.js';

const at = Date.parse('2026-03-04T05:06:07Z');
const heard = (...events: string[]) => [
  { queue: 'email', events: events.map((event) => ({ at, event, prev: '' })), oldestCompleted: undefined },
];

it.each<[string, string[], string]>([
  ['completed', ['added', 'active', 'completed'], 'it completed in email at 2026-03-04T05:06:07.000Z'],
  ['failed', ['active', 'failed'], 'it failed in email at 2026-03-04T05:06:07.000Z, and its dead letter was purged'],
  ['was taken out', ['waiting', 'removed'], 'somebody removed it from email at 2026-03-04T05:06:07.000Z'],
  [
    'was running',
    ['active', 'progress'],
    'it was started in email at 2026-03-04T05:06:07.000Z, and somebody removed it',
  ],
  ['was waiting', ['added', 'waiting'], 'email last heard of it at 2026-03-04T05:06:07.000Z (waiting): it was purged'],
])('says of a job that %s what the events still know', (_what, events, said) => {
  expect(explainAbsence(heard(...events))).toContain(said);
});

it('says of one whose key is remembered that its work is done, whatever the events know', () => {
  const [clue] = heard('added', 'completed');
  const said = explainAbsence([{ ...clue, result: { json: '{"receipt":7}' } } as Clue]);

  expect(said).toContain('its work is done');
  expect(said).toContain('email remembers its idempotency key, with the result {"receipt":7}');
});

it('says of one that nobody has heard of what may be, and since when completed jobs are kept', () => {
  const said = explainAbsence([{ queue: 'email', events: [], oldestCompleted: at }]);

  expect(said).toContain('It was never there');
  expect(said).toContain('; email has those since 2026-03-04T05:06:07.000Z)');
});
