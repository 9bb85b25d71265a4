import { expect, it } from 'vitest';
import { renderLetter } from '../../../../src/cli/dlq/render-letter.js';
import { parseLetter } from '../../../../src/dead-letter/parse-letter.js';
import type { DeadLetter } from '../../../../src/dead-letter/record.js';
import type { EpochMs } from '../../../../src/time/duration.js';

const plain = (_format: unknown, text: string): string => text;
const at = (iso: string): EpochMs => Date.parse(iso) as EpochMs;

const letter: DeadLetter = {
  reason: 'permanent_error',
  error: {
    class: 'permanent',
    name: 'PermanentError',
    code: '404',
    message: 'no such address',
    stack: 'PermanentError: no such address\n    at send (mail.js:1:1)',
    fingerprint: 'abc',
  },
  queue: 'email',
  id: '7',
  by: 'w1',
  deadId: '7~2',
  kind: 'send-receipt',
  payload: null,
  enqueuedAt: at('2026-03-04T05:06:00Z'),
  diedAt: at('2026-03-04T05:07:00Z'),
  attempts: [],
  crashes: 1,
  crashHistory: [],
  steps: [],
  trail: [],
};

it('shows why a letter died, and what to do', () => {
  const text = renderLetter(letter, plain);

  for (const line of [
    'dead letter 7~2',
    'job         7',
    'died        2026-03-04T05:07:00.000Z by w1',
    'reason      permanent_error',
    'error       PermanentError (404): no such address',
    'class       permanent, fingerprint abc',
    'what to do  fix the code or the payload (--patch), then redrive',
    'crashes     1',
    'stack       at send (mail.js:1:1)',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});

it('shows attempts, steps and redrives in the order in which they were', () => {
  const text = renderLetter(
    {
      ...letter,
      attempts: [1, 2].map((attempt) => ({
        attempt,
        worker: 'w1',
        startedAt: at('2026-03-04T05:06:10Z'),
        endedAt: at('2026-03-04T05:06:12Z'),
        error: { class: 'transient', name: 'Error', message: 'no paper', fingerprint: 'f00' },
      })),
      steps: [{ name: 'charge', at: at('2026-03-04T05:06:11Z') }, { name: 'mail' }],
      trail: [{ at: at('2026-03-04T05:06:05Z'), what: 'redriven', by: 'ada@host' }],
    },
    plain,
  );

  expect(text).toContain(
    [
      'history',
      '  1. 2026-03-04T05:06:10.000Z, 2.0s on w1: transient Error: no paper (f00)',
      '  2. 2026-03-04T05:06:10.000Z, 2.0s on w1: transient Error: no paper (f00)',
      'steps that are done',
      '  charge, 2026-03-04T05:06:11.000Z',
      '  mail',
      'what else happened',
      '  2026-03-04T05:06:05.000Z redriven by ada@host',
      'payload',
    ].join('\n'),
  );
});

it('shows a letter that says nothing of itself', () => {
  const place = { queue: 'email', deadId: '7', diedAt: 0 as EpochMs };

  const text = renderLetter(parseLetter(place, { bwd: '{}' }), plain).split('\n');

  for (const line of [
    'kind        none',
    'died        unknown by unknown',
    'reason      unknown',
    'error       Error: ',
  ]) {
    expect(text).toContain(line.trim());
  }
});
