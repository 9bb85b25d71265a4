import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { createWindow } from '../../../../src/cli/process/window.js';
import { eventually } from '../../../support/eventually.js';

/** Another process that has a port. */
async function startPredecessor(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

function openWindow(port: number, takesOver: boolean) {
  const window = createWindow(
    { enabled: true, host: '127.0.0.1', port },
    {
      metrics: { contentType: 'text/plain', render: async () => 'metrics' },
      checks: {},
      log: pino({ level: 'silent' }),
      takesOver,
    },
  );
  onTestFinished(() => window.close());
  return window;
}

const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ status }) => status,
    () => undefined,
  );

it('refuses a port that is taken', async () => {
  const { port } = await startPredecessor();

  await expect(openWindow(port, false).open()).rejects.toMatchObject({ code: 'BULWARK_PORT_TAKEN' });
});

it('takes over a port as soon as the predecessor lets go of it', async () => {
  const { server, port } = await startPredecessor();

  const address = await openWindow(port, true).open();
  server.close();

  expect(address).toBe(`http://127.0.0.1:${port}`);
  expect(await eventually('an answer', () => answers(port))).toBe(200);
});

it('waits no more for a port once it is closed', async () => {
  const { server, port } = await startPredecessor();
  const window = openWindow(port, true);
  await window.open();

  await window.close();
  server.close();
  await once(server, 'close');
  // Longer than it would have waited.
  await new Promise((resolve) => setTimeout(resolve, 60));

  expect(await answers(port)).toBeUndefined();
});

it.each([
  [false, 503],
  [true, undefined],
])('while it drains with handOver %s, answers %s', async (handOver, status) => {
  const window = openWindow(0, false);
  const port = Number(new URL((await window.open()) ?? '').port);

  window.drain({ handOver });

  expect(await answers(port)).toBe(status);
});
