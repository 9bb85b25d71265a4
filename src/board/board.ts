import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { ResolvedRedisOptions } from '../config/option-types.js';
import { errorMessage } from '../errors/error-message.js';
import { closeRedis, connectRedis, type RedisClient } from '../redis/connection.js';
import { Keyspace } from '../redis/keyspace.js';
import { type HttpMount, jsonAnswer } from '../telemetry/http-answer.js';
import type { Clock } from '../time/clock.js';
import { within } from '../time/deadline.js';
import { BoardDoor } from './board-door.js';
import { type BoardPayloads, type BullBoard, openBullBoard } from './bull-board.js';

export interface BoardOptions {
  readonly redis: ResolvedRedisOptions;
  /** Without one there is no board. */
  readonly token: string;
  readonly payloads: BoardPayloads;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where it lies on the port of a supervisor. */
export const boardPath = '/board';

const stopGraceMs = 500;
const stopping = 'the supervisor is stopping';
const packages = '@bull-board/api@9.10.1 @bull-board/fastify@9.10.1 @bull-board/ui@9.10.1 fastify@5.12.8';

/**
 * The jobs of the pool for a browser: Bull Board, read-only, behind a token.
 *
 * It must not stand in the way of the supervisor whose port it uses. So it has a connection of its own, which is made with the first request that
 * is let in, as its packages are loaded then; what a page reads is bounded, and few pages are made at a time.
 */
export class Board {
  readonly #options: BoardOptions;
  readonly #door: BoardDoor;
  #opening: Promise<{ readonly board: BullBoard; readonly client: RedisClient }> | undefined;
  #isStopped = false;

  constructor(options: BoardOptions) {
    const { token, clock, log } = options;
    this.#options = options;
    this.#door = new BoardDoor({ path: boardPath, token, clock, log });
  }

  /** Answers everything below `/board`. */
  readonly answer: HttpMount = async (request, response) => {
    if (this.#options.token === '') return answerWith(response, 404, howToTurnOn);
    if (!(await this.#door.admits(request, response))) return;
    let board: BullBoard;
    try {
      ({ board } = await this.#open());
    } catch (error) {
      return answerWith(response, 503, this.#whyNot(error));
    }
    await board.answer(request, response);
  };

  /** Closes what was opened, within a second. Safe to call at any time. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    // One that is still opening, because Redis is away, closes by itself.
    const opened = await within(stopGraceMs, this.#opening?.catch(() => undefined) ?? Promise.resolve(undefined));
    if (opened === undefined || opened === 'late') return;
    await closeRedis(opened.client);
    await opened.board.close();
  }

  /** Once; again after it failed. */
  #open() {
    if (this.#isStopped) return Promise.reject(new Error(stopping));
    this.#opening ??= this.#openAnew().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openAnew() {
    const { redis, payloads, log } = this.#options;
    const onError = (err: Error) => log.debug({ err }, 'board.redis_error');
    const client = await connectRedis({ redis, name: `bulwark:board:${process.pid}`, manner: 'prompt', onError });
    // Each queue listens to the connection for as long as that lives.
    client.setMaxListeners(0);
    try {
      if (this.#isStopped) throw new Error(stopping);
      const board = await openBullBoard({
        path: boardPath,
        client,
        keyspace: new Keyspace(redis.namespace),
        payloads,
        log,
      });
      log.info({ path: boardPath }, 'board.opened');
      return { board, client };
    } catch (error) {
      await closeRedis(client);
      throw error;
    }
  }

  #whyNot(error: unknown): string {
    this.#options.log.error({ err: error }, 'board.failed');
    const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ERR_MODULE_NOT_FOUND';
    if (!isMissing) return `the board cannot be opened: ${errorMessage(error)}`;
    return `the packages of the board are not installed here: npm install ${packages}`;
  }
}

const howToTurnOn =
  'the board is off; set supervisor.boardToken (BULWARK_SUPERVISOR_BOARD_TOKEN) to a secret of 16 characters or more to browse jobs here';

function answerWith(response: ServerResponse, status: number, error: string): void {
  const { type, body } = jsonAnswer(status, { error });
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
