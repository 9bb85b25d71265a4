import { describe, expect, it } from 'vitest';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';
import { findNamedEntities } from '../../../../workers/document-digest/named-entities.js';
import { readSentences } from '../../../../workers/document-digest/sentences.js';
import type { BlockKind } from '../../../../workers/document-digest/text-blocks.js';

async function namesIn(text: string, kind: BlockKind = 'prose') {
  const share = new FairShare(new AbortController().signal);
  const found = await findNamedEntities(await readSentences([{ kind, text }], 'en', share), share);
  if (found.kind !== 'found') throw new Error(found.reason);
  return found;
}

describe('findNamedEntities', () => {
  it('finds people, places and organizations, the most frequent first', async () => {
    const found = await namesIn(
      'Margaret Holloway met Tim Berners-Lee in London. Margaret Holloway works for NASA on the coast of Lincolnshire. She left Google.',
    );

    expect(found.people).toEqual([
      { name: 'Margaret Holloway', count: 2 },
      { name: 'Tim Berners-Lee', count: 1 },
    ]);
    expect(found.places.map(({ name }) => name)).toEqual(['Lincolnshire', 'London']);
    expect(found.organizations.map(({ name }) => name)).toEqual(['Google', 'NASA']);
  });

  it('takes neither abbreviations nor code for names', async () => {
    const found = await namesIn(
      'The API returns JSON over HTTP. Ask the TUI or the SLO. It is an ArrayBufferView. See FailureDetector.java for more.',
    );

    expect(found).toEqual({ kind: 'found', people: [], places: [], organizations: [] });
  });

  it('reads prose alone, because headings write every word like a name', async () => {
    const found = await namesIn('Margaret Holloway in London', 'heading');

    expect(found).toMatchObject({ people: [], places: [] });
  });

  it('keeps the twenty most frequent of each sort', async () => {
    const cities =
      'London Paris Berlin Madrid Rome Vienna Lisbon Dublin Oslo Stockholm Helsinki Copenhagen Warsaw Prague Budapest Athens Brussels Amsterdam Tokyo Beijing Delhi Cairo'.split(
        ' ',
      );

    const found = await namesIn(cities.map((city) => `We flew to ${city}.`).join(' '));

    expect(found.places).toHaveLength(20);
  });
});
