import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TransientError } from 'bulwark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Digest, DigestStore } from '../../../../workers/document-digest/digest-store.js';

async function createDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bulwark-digests-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

const digestOf = (source: string, words = 1): Digest => ({
  version: 1,
  recipe: 'r',
  source,
  type: 'plain',
  bytes: 1,
  sha256: 's',
  title: 't',
  language: 'en',
  words,
  sentences: 1,
  truncated: false,
  terms: [],
  entities: { kind: 'unsupported', reason: 'none' },
  summary: { kind: 'extractive', text: '' },
  digestedAt: '2026-03-04T05:06:07.000Z',
});

describe('DigestStore', () => {
  it('gives back what it was given, from a file named after the source alone', async () => {
    const directory = await createDirectory();
    const store = new DigestStore(join(directory, 'made', 'when needed'));

    const file = await store.write(digestOf('file:a.md'));

    expect(file).toBe(store.fileOf('file:a.md'));
    expect(file).toMatch(/[0-9a-f]{64}\.json$/);
    expect(await store.read('file:a.md')).toEqual(digestOf('file:a.md'));
  });

  it('knows nothing of other sources', async () => {
    const store = new DigestStore(await createDirectory());

    expect(await store.read('file:a.md')).toBeUndefined();
  });

  it('keeps one of many written at once, whole, and leaves no drafts', async () => {
    const directory = await createDirectory();
    const store = new DigestStore(directory);

    await Promise.all(Array.from({ length: 20 }, (_, words) => store.write(digestOf('file:a.md', words))));

    expect(await readdir(directory)).toHaveLength(1);
    expect(await store.read('file:a.md')).toMatchObject({ source: 'file:a.md' });
  });

  it.each(['', '{"half": ', '{"version": 99}', 'null'])('takes a file that holds %j for no digest', async (content) => {
    const store = new DigestStore(await createDirectory());
    await writeFile(store.fileOf('file:a.md'), content);

    expect(await store.read('file:a.md')).toBeUndefined();
  });

  it('says where it could not store, and that it may work later', async () => {
    const directory = await createDirectory();
    await writeFile(join(directory, 'taken'), '');
    const store = new DigestStore(join(directory, 'taken'));

    const writing = store.write(digestOf('file:a.md'));

    await expect(writing).rejects.toBeInstanceOf(TransientError);
    await expect(writing).rejects.toThrow(`could not be stored in ${join(directory, 'taken')}`);
  });
});
