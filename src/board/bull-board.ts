import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { RedisClient } from '../redis/connection.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import { BoardQueue } from '../transport/board-queue.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { hiddenNote, shownValue } from './shown-value.js';
import { Turns } from './turns.js';

/** Whether a page shows what jobs were given and what they returned: not at all, or without fields that are named like secrets. */
export type BoardPayloads = 'hidden' | 'redacted';

export interface BullBoardOptions {
  readonly path: string;
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly payloads: BoardPayloads;
  readonly log: Logger;
}

/** Bull Board, ready to answer requests that were let in. */
export interface BullBoard {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** So many requests are answered at a time: each reads some dozens of jobs, and the process has more important things to do. */
const mostAtOnce = 2;
/** A page asks several times at once: they wait for each other, and nobody else piles up behind them. */
const mostWaiting = 32;
/** How often a page looks for queues that are new. */
const refreshMs = 2_000;
/** What one page may ask for. */
const mostJobsPerPage = 25;
const mostFlowDepth = 5;
const mostFlowChildren = 20;

/**
 * Loads Bull Board and makes it ready. Its packages are optional: a supervisor whose board is off never loads them.
 *
 * @throws Error of code ERR_MODULE_NOT_FOUND when they are not installed.
 */
export async function openBullBoard({ path, client, keyspace, payloads, log }: BullBoardOptions): Promise<BullBoard> {
  const [{ default: fastify }, { createBullBoard }, { BullMQAdapter }, { FastifyAdapter }] = await Promise.all([
    import('fastify'),
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/fastify'),
  ]);
  const directory = new QueueDirectory(client, keyspace);
  const onError = (err: Error) => log.debug({ err }, 'board.redis_error');
  const adapters = new Map<string, InstanceType<typeof BullMQAdapter>>();
  // What is not there yet has nothing to hide.
  const show = (value: unknown) => (payloads === 'redacted' ? shownValue(value) : value == null ? value : hiddenNote);
  const adapterOf = (queue: string, description: string) => {
    const adapter = new BullMQAdapter(new BoardQueue({ client, keyspace, queue, onError }), {
      readOnlyMode: true,
      description,
    });
    for (const field of ['data', 'returnValue', 'progress'] as const) adapter.setFormatter(field, show);
    return adapter;
  };

  const serverAdapter = new FastifyAdapter().setBasePath(path);
  const board = createBullBoard({
    queues: [],
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: `Bulwark: ${keyspace.namespace}`,
        hideRedisDetails: true,
        // To name the workers of a queue BullMQ asks Redis for every connection that it has; ours are in `bulwark top`.
        showWorkers: false,
        miscLinks: [{ text: 'Sign out', url: `${path}/logout` }],
      },
    },
  });

  let refreshed: { readonly at: number; readonly done: Promise<void> } | undefined;
  /** Queues that were registered since the last look appear, each with its dead letters. */
  const refresh = (): Promise<void> => {
    if (refreshed === undefined || performance.now() - refreshed.at > refreshMs) {
      const done = addNew().catch((error: unknown) => {
        refreshed = undefined;
        throw error;
      });
      refreshed = { at: performance.now(), done };
    }
    return refreshed.done;
  };
  const addNew = async (): Promise<void> => {
    for (const [queue, { criticality }] of await directory.list()) {
      if (adapters.has(queue)) continue;
      const dead = adapterOf(deadLetterQueue(queue), `dead letters of ${queue}`);
      adapters.set(queue, adapterOf(queue, criticality)).set(deadLetterQueue(queue), dead);
    }
    board.replaceQueues([...adapters.entries()].sort(byName).map(([, adapter]) => adapter));
  };

  const app = fastify({ logger: false, exposeHeadRoutes: true });
  app.addHook('preValidation', async (request) => {
    const query = request.query as Record<string, unknown>;
    for (const [name, most] of limits) if (Number(query[name]) > most) query[name] = String(most);
  });
  const turns = new Turns(mostAtOnce, mostWaiting);
  app.addHook('preHandler', async (request, reply) => {
    if (!request.url.startsWith(`${path}/api/`)) return undefined;
    const later = (error: string) => reply.code(503).header('retry-after', '1').send({ error });
    if (client.status !== 'ready') return later('Redis does not answer: try again');
    if (!(await turns.take(reply.raw))) return later('too many requests at once: try again');
    await refresh();
    return undefined;
  });
  await app.register(serverAdapter.registerPlugin(), { prefix: path });
  await app.ready();
  return {
    async answer(request, response) {
      app.routing(request, response);
    },
    close: () => app.close(),
  };
}

const limits: readonly (readonly [string, number])[] = [
  ['jobsPerPage', mostJobsPerPage],
  ['depth', mostFlowDepth],
  ['maxChildren', mostFlowChildren],
];

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
