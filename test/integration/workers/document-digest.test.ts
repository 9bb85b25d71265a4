import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError, ThrottledError, TransientError } from 'bulwark';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Digest } from '../../../workers/document-digest/digest-store.js';
import { digestPayload } from '../../../workers/document-digest/payload.js';
import { createDocumentDigest } from '../../../workers/document-digest.js';
import { type DigestSettings, readDigestSettings } from '../../../workers/settings.js';
import { fakeJobContext } from '../../fixtures/workers/fake-job-context.js';
import { answer, bodyOf, startServer } from '../../fixtures/workers/test-server.js';

const fixtures = new URL('../../fixtures/workers/', import.meta.url);
const now = () => Date.parse('2026-03-04T05:06:07Z');

/** A kind whose documents are the fixtures and whose digests go to a directory of the test's own. */
async function createDigest(change: Partial<DigestSettings> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'bulwark-digest-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const root = join(directory, 'root');
  await cp(fixtures, root, { recursive: true });
  const settings = { ...readDigestSettings({}), root, outputDir: join(directory, 'digests'), ...change };
  const job = createDocumentDigest(settings, { now });
  return {
    root,
    outputDir: settings.outputDir,
    job,
    run: (payload: object, ctx = fakeJobContext()) => job.run(digestPayload.parse(payload), ctx),
  };
}

const stored = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Digest;

describe('document-digest', () => {
  it('digests the Markdown of the fixture as it always did', async () => {
    const digest = await createDigest();

    const result = await digest.run({ path: 'lighthouse.md' });

    await expect(await readFile(result.file, 'utf8')).toMatchFileSnapshot(
      '../../fixtures/workers/lighthouse.digest.json',
    );
  });

  it('leaves a small result that tells where the rest is', async () => {
    const digest = await createDigest();

    const result = await digest.run({ path: 'lighthouse.md' });

    expect(result).toEqual({
      file: expect.stringMatching(/digests\/[0-9a-f]{64}\.json$/),
      title: 'The lighthouse at Skerryvore',
      language: 'en',
      words: expect.any(Number),
      terms: expect.arrayContaining(['lighthouse']),
      summary: expect.stringContaining('lighthouse at Skerryvore'),
      reused: false,
    });
    expect(result.terms).toHaveLength(5);
    expect(result.summary.length).toBeLessThanOrEqual(280);
  });

  it('tells its progress by stage', async () => {
    const digest = await createDigest();
    const ctx = fakeJobContext();

    await digest.run({ path: 'lighthouse.md' }, ctx);

    expect(ctx.progressed).toEqual([
      { stage: 'extract', percent: 0 },
      { stage: 'analyse', percent: 30 },
      { stage: 'summarise', percent: 80 },
    ]);
  });

  it.each([
    ['tide-tables.html', { type: 'html', title: 'Tide tables – Harbour office', language: 'en' }],
    ['tide-tables.pdf', { type: 'pdf', title: 'Tide tables of Grimsby harbour', language: 'en' }],
    ['blank.pdf', { type: 'pdf', title: 'blank', language: 'und', words: 0 }],
  ])('digests %s', async (path, expected) => {
    const digest = await createDigest();

    const result = await digest.run({ path });

    expect(await stored(result.file)).toMatchObject(expected);
  });

  it('digests the text of the payload, in other languages without names', async () => {
    const digest = await createDigest();

    const result = await digest.run({
      text: '# Der Leuchtturm\n\nDer Leuchtturm steht auf einem Riff vor der Küste. Der Leuchtturm wird nicht mehr bewohnt.',
      contentType: 'text/markdown',
      title: 'Mein Titel',
      sentences: 1,
    });

    expect(result).toMatchObject({
      title: 'Mein Titel',
      language: 'de',
      terms: expect.arrayContaining(['Leuchtturm']),
    });
    expect((await stored(result.file)).entities).toEqual({
      kind: 'unsupported',
      reason: 'names are found in English text; this is "de"',
    });
  });

  it('does the work once for the same content and wishes', async () => {
    const digest = await createDigest();

    const runs = [
      await digest.run({ path: 'lighthouse.md' }),
      await digest.run({ path: './lighthouse.md' }),
      await digest.run({ path: 'lighthouse.md', force: true }),
      await digest.run({ path: 'lighthouse.md', sentences: 2 }),
    ];

    expect(runs.map(({ reused }) => reused)).toEqual([false, true, false, false]);
    expect(new Set(runs.map(({ file }) => file)).size).toBe(1);
    expect(await readdir(digest.outputDir)).toHaveLength(1);
  });

  it('digests a file anew when its content has changed', async () => {
    const digest = await createDigest();
    const before = await digest.run({ path: 'lighthouse.md' });
    await writeFile(join(digest.root, 'lighthouse.md'), '# Another\n\nThe text of this document is another one now.');

    const after = await digest.run({ path: 'lighthouse.md' });

    expect(after).toMatchObject({ file: before.file, title: 'Another', reused: false });
  });

  it.each([
    ['missing.md', 'there is no such file'],
    ['../missing.md', 'leads out of the document root'],
    ['/etc/passwd', 'leads out of the document root'],
    ['locked.pdf', 'locked by a password'],
    ['fake-job-context.ts', 'cannot be digested (ending "ts"); supported are Markdown'],
  ])('refuses %s for good', async (path, message) => {
    const digest = await createDigest();

    const digesting = digest.run({ path });

    await expect(digesting).rejects.toBeInstanceOf(PermanentError);
    await expect(digesting).rejects.toThrow(message);
  });

  it('stops with the reason of the abort and stores nothing', async () => {
    const digest = await createDigest();
    const abort = new AbortController();
    const reason = new Error('shutting down');
    const ctx = fakeJobContext({ signal: abort.signal });
    const aborting = { ...ctx, progress: async () => abort.abort(reason) };

    await expect(digest.run({ path: 'lighthouse.md' }, aborting)).rejects.toBe(reason);

    await expect(readdir(digest.outputDir)).rejects.toThrow('ENOENT');
  });

  it('digests a page of the web by its content type', async () => {
    const page = await readFile(new URL('tide-tables.html', fixtures));
    const origin = await startServer((_request, response) =>
      answer(response, 200, { 'content-type': 'text/html' }, page),
    );
    const digest = await createDigest({ allowPrivate: true });

    const result = await digest.run({ url: `${origin}/tides#today` });

    expect(result.title).toBe('Tide tables – Harbour office');
    expect(await stored(result.file)).toMatchObject({ source: `web:${origin}/tides`, type: 'html' });
  });

  it('refuses a page at a private address unless that is allowed', async () => {
    const digest = await createDigest();

    const digesting = digest.run({ url: 'http://169.254.169.254/latest/meta-data' });

    await expect(digesting).rejects.toBeInstanceOf(PermanentError);
    await expect(digesting).rejects.toThrow('169.254.169.254 is not a public address');
  });

  describe('with a language model', () => {
    const model = (origin: string) => ({ url: `${origin}/v1/`, model: 'small', apiKey: 'key-1' });
    const completion = (content: string) => JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] });

    it('stores the summary the model wrote', async () => {
      const asked: { url: string | undefined; authorization: string | undefined; body: unknown }[] = [];
      const origin = await startServer(async (request, response) => {
        const { authorization } = request.headers;
        asked.push({ url: request.url, authorization, body: JSON.parse(await bodyOf(request)) });
        answer(response, 200, {}, completion('<think>hm</think> A lighthouse on a reef. '));
      });
      const digest = await createDigest({ model: model(origin) });
      const ctx = fakeJobContext();

      const result = await digest.run({ path: 'lighthouse.md' }, ctx);

      expect((await stored(result.file)).summary).toEqual({
        kind: 'model',
        model: 'small',
        text: 'A lighthouse on a reef.',
      });
      expect(asked).toEqual([
        {
          url: '/v1/chat/completions',
          authorization: 'Bearer key-1',
          body: { model: 'small', temperature: 0, messages: expect.any(Array) },
        },
      ]);
      expect(ctx.calls).toEqual([{ dependency: 'llm', key: undefined }]);
    });

    it.each([
      [429, { 'retry-after': '7' }, '', ThrottledError, 'answered 429 and asked to wait 7 s'],
      [503, {}, '', TransientError, 'answered 503'],
      [200, {}, 'no JSON', TransientError, 'answered without a summary'],
      [200, {}, completion('  '), TransientError, 'answered without a summary'],
      [401, {}, '{"error":{"message":"bad key"}}', PermanentError, 'answered 401 (bad key)'],
    ])('takes an answer of %i %j %j for what it is', async (status, headers, body, errorClass, message) => {
      const origin = await startServer((_request, response) => answer(response, status, headers, body));
      const digest = await createDigest({ model: model(origin) });

      const digesting = digest.run({ path: 'lighthouse.md' });

      await expect(digesting).rejects.toBeInstanceOf(errorClass);
      await expect(digesting).rejects.toThrow(message);
    });

    it('makes the summary of the document itself when the model fails on the last attempt, and asks again next time', async () => {
      let failing = true;
      const origin = await startServer((_request, response) =>
        failing ? answer(response, 500) : answer(response, 200, {}, completion('Written by the model.')),
      );
      const digest = await createDigest({ model: model(origin) });

      const last = await digest.run({ path: 'lighthouse.md' }, fakeJobContext({ attempt: 3, maxAttempts: 3 }));
      failing = false;
      const next = await digest.run({ path: 'lighthouse.md' });

      expect(last.summary).toContain('The lighthouse at Skerryvore');
      expect(next).toMatchObject({ summary: 'Written by the model.', reused: false });
    });

    it('falls back to a summary of the document itself while the model is known to be down', async () => {
      const digest = await createDigest({ model: model('http://127.0.0.1:1') });
      const ctx = fakeJobContext();

      const result = await digest.job.fallback?.(digestPayload.parse({ path: 'lighthouse.md' }), ctx);

      expect(result).toMatchObject({ summary: expect.stringContaining('The lighthouse at Skerryvore') });
      expect(ctx.calls).toEqual([]);
    });
  });

  it('hands the event loop on every few milliseconds, whatever it reads', async () => {
    const digest = await createDigest();
    const markdown = await readFile(new URL('lighthouse.md', fixtures), 'utf8');
    const megabyte = markdown.repeat(Math.ceil(1_000_000 / markdown.length));
    await digest.run({ path: 'lighthouse.md' });

    const turnsMs = await measureTurns(async () => {
      await Promise.all([
        digest.run({ text: megabyte, contentType: 'text/markdown' }),
        digest.run({ text: megabyte.slice(0, 200_000), contentType: 'text/plain' }),
      ]);
    });

    // A turn is a slice of 10 ms and the step that ends it; only the collector of garbage makes one longer.
    expect(turnsMs.length).toBeGreaterThan(50);
    expect(turnsMs[Math.floor(turnsMs.length * 0.95)]).toBeLessThan(50);
    expect(turnsMs.at(-1)).toBeLessThan(200);
  }, 60_000);
});

/** Measures the turns of the event loop in processor time, so that a busy machine does not count; the shortest first. */
async function measureTurns(work: () => Promise<void>): Promise<readonly number[]> {
  const turnsMs: number[] = [];
  let measuring = true;
  let before = process.cpuUsage();
  const measure = () => {
    const { user, system } = process.cpuUsage(before);
    turnsMs.push((user + system) / 1_000);
    before = process.cpuUsage();
    if (measuring) setImmediate(measure);
  };
  setImmediate(measure);
  await work();
  measuring = false;
  return turnsMs.filter((ms) => ms > 1).sort((a, b) => a - b);
}
