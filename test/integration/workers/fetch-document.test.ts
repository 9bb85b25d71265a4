import { PermanentError, ThrottledError, TransientError } from 'bulwark';
import { Agent, type Dispatcher } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fetchDocument } from '../../../workers/document-digest/fetch-document.js';
import { createGuardedAgent } from '../../../workers/outbound/guarded-agent.js';
import { fakeJobContext } from '../../fixtures/workers/fake-job-context.js';
import { answer, startServer } from '../../fixtures/workers/test-server.js';

function fetchFrom(url: string, change: { dispatcher?: Dispatcher; maxBytes?: number } = {}, ctx = fakeJobContext()) {
  const dispatcher = change.dispatcher ?? createGuardedAgent({ allowPrivate: true });
  return fetchDocument(url, ctx, { maxBytes: change.maxBytes ?? 1024, dispatcher, now: Date.now });
}

describe('fetchDocument', () => {
  it('returns the bytes with what the server says of them', async () => {
    const origin = await startServer((_request, response) =>
      answer(response, 200, { 'content-type': 'Text/Plain; charset=iso-8859-1' }, Buffer.from('Grüße', 'latin1')),
    );

    const document = await fetchFrom(`${origin}/a/greeting.txt?lang=de#top`);

    expect(document).toEqual({
      identity: `web:${origin}/a/greeting.txt?lang=de`,
      name: 'greeting.txt',
      contentType: 'text/plain',
      charset: 'iso-8859-1',
      bytes: Buffer.from('Grüße', 'latin1'),
    });
  });

  it('follows three redirects, each a call of its own, and no more', async () => {
    const origin = await startServer((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) answer(response, 302, { location: `/${left - 1}` });
      else answer(response, 200, {}, 'the end');
    });
    const ctx = fakeJobContext();

    const document = await fetchFrom(`${origin}/3`, {}, ctx);
    const tooFar = fetchFrom(`${origin}/4`);

    expect(Buffer.from(document.bytes).toString()).toBe('the end');
    expect(document).toMatchObject({ identity: `web:${origin}/3`, name: '0' });
    expect(ctx.calls).toEqual(Array(4).fill({ dependency: 'document-source', key: new URL(origin).host }));
    await expect(tooFar).rejects.toThrow('redirects more than 3 times');
  });

  it.each([
    ['http://127.0.0.1:1/', 'not a public address'],
    ['http://169.254.169.254/latest/meta-data', 'not a public address'],
    ['http://[::ffff:10.0.0.1]/', 'not a public address'],
    ['ftp://example.org/', 'the scheme must be https or http'],
    ['file:///etc/passwd', 'the scheme must be https or http'],
    ['https://user:word@example.org/', 'carries credentials'],
    ['http://', 'not a URL'],
  ])('judges a redirect to %s like a first URL', async (location, message) => {
    const origin = await startServer((_request, response) => answer(response, 302, { location }));

    const fetching = fetchFrom('http://public.test/', { dispatcher: publicHostAt(origin) });

    await expect(fetching).rejects.toBeInstanceOf(PermanentError);
    await expect(fetching).rejects.toThrow(message);
  });

  it.each([
    [404, {}, PermanentError, 'answered 404'],
    [503, {}, TransientError, 'answered 503'],
    [429, { 'retry-after': '5' }, ThrottledError, 'asked to wait 5 s'],
    [301, {}, PermanentError, 'answered 301'],
    [200, { 'content-encoding': 'gzip' }, PermanentError, 'compressed the document (gzip)'],
  ])('answers %i %j with the error that says what to do next', async (status, headers, errorClass, message) => {
    const origin = await startServer((_request, response) => answer(response, status, headers, 'body'));

    const fetching = fetchFrom(origin);

    await expect(fetching).rejects.toBeInstanceOf(errorClass);
    await expect(fetching).rejects.toThrow(message);
  });

  it('stops reading a document that is too large, whatever length it announced', async () => {
    const origin = await startServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const flood = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
      };
      response.on('drain', flood);
      flood();
    });

    const fetching = fetchFrom(origin, { maxBytes: 100_000 });

    await expect(fetching).rejects.toBeInstanceOf(PermanentError);
    await expect(fetching).rejects.toThrow('has more than 97.7 KiB; DIGEST_MAX_BYTES raises that');
  });

  it('takes a body that breaks off as transient', async () => {
    const origin = await startServer((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });

    await expect(fetchFrom(origin)).rejects.toBeInstanceOf(TransientError);
  });
});

/** Plays the internet: `public.test` leads to the local server, and everything else meets the guard. */
function publicHostAt(origin: string): Dispatcher {
  const local = new Agent();
  onTestFinished(() => local.destroy());
  return createGuardedAgent({ allowPrivate: false }).compose((dispatch) => (options, handler) => {
    const isPublic = new URL(String(options.origin)).hostname === 'public.test';
    return isPublic ? local.dispatch({ ...options, origin }, handler) : dispatch(options, handler);
  });
}
