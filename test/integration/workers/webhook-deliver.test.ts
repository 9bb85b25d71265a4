import type { IncomingHttpHeaders } from 'node:http';
import { PermanentError, ThrottledError, TransientError } from 'bulwark';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { readWebhookSettings } from '../../../workers/settings.js';
import { createWebhookDeliver } from '../../../workers/webhook-deliver.js';
import { fakeJobContext } from '../../fixtures/workers/fake-job-context.js';
import { answer, bodyOf, startServer } from '../../fixtures/workers/test-server.js';

const secret = `whsec_${Buffer.alloc(32, 's').toString('base64')}`;
const local = { WEBHOOK_SECRET: secret, WEBHOOK_ALLOW_PRIVATE: 'true', WEBHOOK_ALLOW_HTTP: 'true' };
const deliver = createWebhookDeliver(readWebhookSettings(local));

const webhookTo = (origin: string) => ({ url: `${origin}/hooks`, event: 'invoice.paid', body: { invoice: 42 } });

describe('webhook-deliver', () => {
  it('posts a message the receiver can verify', async () => {
    const received: { method: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];
    const origin = await startServer(async (request, response) => {
      received.push({ method: request.method, headers: request.headers, body: await bodyOf(request) });
      answer(response, 202, {}, 'thanks');
    });

    const result = await deliver.run(webhookTo(origin), fakeJobContext({ jobId: 'j7' }));

    const [message] = received;
    expect(message).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
    expect(new Webhook(secret).verify(message?.body ?? '', message?.headers as Record<string, string>)).toEqual({
      type: 'invoice.paid',
      timestamp: '2026-03-04T05:06:07.000Z',
      data: { invoice: 42 },
    });
    expect(result).toEqual({ status: 202, durationMs: expect.any(Number), webhookId: 'j7:webhook' });
  });

  it('keeps the id of the message over the attempts of a job', async () => {
    const ids: unknown[] = [];
    const origin = await startServer((request, response) => {
      ids.push(request.headers['webhook-id']);
      answer(response, 200);
    });

    await deliver.run(webhookTo(origin), fakeJobContext({ attempt: 1 }));
    await deliver.run(webhookTo(origin), fakeJobContext({ attempt: 2 }));
    await deliver.run({ ...webhookTo(origin), id: 'msg_mine' }, fakeJobContext());

    expect(ids).toEqual(['job-1:webhook', 'job-1:webhook', 'msg_mine']);
  });

  it('calls through its dependency, one key per host', async () => {
    const origin = await startServer((_request, response) => answer(response, 200));
    const ctx = fakeJobContext();

    await deliver.run(webhookTo(origin), ctx);

    expect(ctx.calls).toEqual([{ dependency: 'webhook-endpoint', key: new URL(origin).host }]);
  });

  it.each([
    [404, {}, PermanentError, 'answered 404'],
    [410, {}, PermanentError, 'answered 410'],
    [500, {}, TransientError, 'answered 500'],
    [408, {}, TransientError, 'answered 408'],
    [429, {}, ThrottledError, 'answered 429 and asked for fewer calls'],
    [429, { 'retry-after': '9' }, ThrottledError, 'answered 429 and asked to wait 9 s'],
    [503, { 'retry-after': '9' }, ThrottledError, 'answered 503 and asked to wait 9 s'],
    [302, { location: '/elsewhere' }, PermanentError, 'answered 302: redirects are not followed here'],
  ])('answers %i %j with the error that says what to do next', async (status, headers, errorClass, message) => {
    const origin = await startServer((_request, response) => answer(response, status, headers, 'body'));

    const delivering = deliver.run(webhookTo(origin), fakeJobContext());

    await expect(delivering).rejects.toBeInstanceOf(errorClass);
    await expect(delivering).rejects.toThrow(`${new URL(origin).host} ${message}`);
  });

  it('does not follow a redirect', async () => {
    const paths: unknown[] = [];
    const origin = await startServer((request, response) => {
      paths.push(request.url);
      answer(response, 307, { location: '/elsewhere' });
    });

    await expect(deliver.run(webhookTo(origin), fakeJobContext())).rejects.toThrow('redirects are not followed');

    expect(paths).toEqual(['/hooks']);
  });

  it('takes a refused connection as transient', async () => {
    const closedPort = 'http://127.0.0.1:1';

    const delivering = deliver.run(webhookTo(closedPort), fakeJobContext());

    await expect(delivering).rejects.toBeInstanceOf(TransientError);
    await expect(delivering).rejects.toThrow('127.0.0.1:1 could not be reached: ECONNREFUSED');
  });

  it('takes a connection that breaks before the answer as transient', async () => {
    const origin = await startServer((request) => request.socket.destroy());

    await expect(deliver.run(webhookTo(origin), fakeJobContext())).rejects.toBeInstanceOf(TransientError);
  });

  it('counts a 200 as delivered although its body never ends', async () => {
    const origin = await startServer((_request, response) => {
      response.writeHead(200);
      response.write('and so on');
    });

    await expect(deliver.run(webhookTo(origin), fakeJobContext())).resolves.toMatchObject({ status: 200 });
  });

  it('reads no more than a little of a large answer', async () => {
    let written = 0;
    const origin = await startServer((_request, response) => {
      response.writeHead(200);
      const flood = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
        written += 64 * 1024;
      };
      response.on('drain', flood);
      flood();
    });

    await deliver.run(webhookTo(origin), fakeJobContext());

    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  it('stops at once when the job is aborted, with the reason of the abort', async () => {
    const abort = new AbortController();
    const reason = new Error('shutting down');
    const origin = await startServer(() => abort.abort(reason));

    await expect(deliver.run(webhookTo(origin), fakeJobContext({ signal: abort.signal }))).rejects.toBe(reason);
  });

  describe('with private addresses not allowed', () => {
    const guarded = (resolvesTo: string[]) =>
      createWebhookDeliver(readWebhookSettings({ WEBHOOK_SECRET: secret, WEBHOOK_ALLOW_HTTP: 'true' }), {
        resolve: (_hostname, callback) =>
          callback(
            null,
            resolvesTo.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          ),
      });

    it.each([
      'http://127.0.0.1',
      'http://[::1]',
      'http://2130706433',
      'http://[::ffff:7f00:1]',
      'http://169.254.169.254',
    ])('refuses the address %s in a URL', async (origin) => {
      const delivering = guarded([]).run(webhookTo(origin), fakeJobContext());

      await expect(delivering).rejects.toBeInstanceOf(PermanentError);
      await expect(delivering).rejects.toThrow('is not a public address');
    });

    it('never connects to a server behind a name that resolves to it', async () => {
      let connections = 0;
      const origin = await startServer((_request, response) => {
        connections++;
        answer(response, 200);
      });
      const { port } = new URL(origin);

      const delivering = guarded(['127.0.0.1', '::1']).run(webhookTo(`http://inside.test:${port}`), fakeJobContext());

      await expect(delivering).rejects.toBeInstanceOf(PermanentError);
      await expect(delivering).rejects.toThrow('inside.test leads to no public address (127.0.0.1, ::1)');
      expect(connections).toBe(0);
    });
  });

  it('refuses plain http unless it is allowed', async () => {
    const strict = createWebhookDeliver(readWebhookSettings({ WEBHOOK_SECRET: secret }));

    await expect(strict.run(webhookTo('http://example.org'), fakeJobContext())).rejects.toThrow(
      'http://example.org cannot be called: the scheme must be https',
    );
  });
});
