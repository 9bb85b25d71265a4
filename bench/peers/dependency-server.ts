import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How it treats whoever calls: as it should; by saying nothing; by breaking the connection off at once. */
export type Manner = 'answers' | 'hangs' | 'refuses';

/** What may be asked of it: to be otherwise from now on, and which calls it has had. */
export type DependencyQuestion = { readonly ask: 'become'; readonly manner: Manner } | { readonly ask: 'calls' };

/** One connection that it accepted: callers make one for each call. */
export interface ReceivedCall {
  /** In ms since the epoch. */
  readonly at: number;
  readonly manner: Manner;
}

export type DependencyAnswer =
  | { readonly event: 'listens'; readonly url: string }
  | { readonly event: 'became'; readonly at: number }
  | { readonly event: 'calls'; readonly calls: readonly ReceivedCall[] };

const answersAfterMs = 20;

let manner: Manner = 'answers';
const calls: ReceivedCall[] = [];
const sockets = new Set<Socket>();

const server = createServer(async (request, response) => {
  request.resume();
  await sleep(answersAfterMs);
  if (manner === 'answers') response.end('ok');
});
server.on('connection', (socket) => {
  calls.push({ at: Date.now(), manner });
  // Not by a closed port: nobody could count those who knock on one.
  if (manner === 'refuses') socket.resetAndDestroy();
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});

function become(next: Manner): number {
  manner = next;
  // Whoever still waits hears that the process is gone.
  if (next !== 'hangs') for (const socket of sockets) socket.resetAndDestroy();
  return Date.now();
}

const answer = (said: DependencyAnswer) => process.send?.(said);

process.once('disconnect', () => process.exit());
process.on('message', (question: DependencyQuestion) => {
  if (question.ask === 'calls') answer({ event: 'calls', calls });
  else answer({ event: 'became', at: become(question.manner) });
});
server.listen(0, '127.0.0.1', () => {
  answer({ event: 'listens', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  process.send?.('ready');
});
