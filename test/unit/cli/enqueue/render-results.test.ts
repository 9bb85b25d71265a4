import { expect, it } from 'vitest';
import { type AwaitedJob, renderResults } from '../../../../src/cli/enqueue/render-results.js';

const plain = (_format: unknown, text: string): string => text;

const completed = (origin: string, result: unknown): AwaitedJob => ({
  id: `id-of-${origin}`,
  origin,
  outcome: { state: 'completed', result },
});

const died: AwaitedJob = {
  id: '7',
  origin: 'b.md',
  outcome: {
    state: 'dead_lettered',
    record: {
      reason: 'permanent_error',
      error: { class: 'permanent', name: 'PermanentError', message: 'no such\u001b[2J file', fingerprint: 'f' },
      queue: 'documents',
      id: '7',
      by: 'w',
    },
  },
};

it('shows digests as a table and what died below it', () => {
  const digest = { title: 'Read me', language: 'en', words: 120, terms: ['queue', 'worker'] };

  const text = renderResults('document-digest', [completed('a.md', digest), died], plain);

  expect(text.split('\n')).toEqual([
    'FILE  TITLE    LANGUAGE  WORDS  TOP TERMS',
    'a.md  Read me  en          120  queue, worker',
    '{"id":"7","source":"b.md","state":"dead_lettered","reason":"permanent_error","error":"no such\\u001b[2J file"}',
  ]);
});

it('shows the results of any other kind as a line of JSON each', () => {
  const text = renderResults('echo', [completed('', { said: 'hi' }), completed('line 2', null)], plain);

  expect(text).toBe(
    '{"id":"id-of-","state":"completed","result":{"said":"hi"}}\n{"id":"id-of-line 2","source":"line 2","state":"completed","result":null}',
  );
});

it('shows a result of an unexpected shape as JSON rather than not at all', () => {
  expect(renderResults('document-digest', [completed('a.md', { other: 1 })], plain)).toContain('"result":{"other":1}');
});
