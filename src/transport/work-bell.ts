import type { RedisClient } from '../redis/connection.js';
import { breakConnection, watchConnection } from '../redis/connection-watch.mjs';
import type { ScriptClient } from '../redis/define-script.js';
import { pause } from '../time/clock.js';
import { within } from '../time/deadline.js';

export interface WorkBellOptions {
  /** Whose settings the bell's own connection takes over. */
  readonly client: RedisClient;
  /** The key that BullMQ rings with. */
  readonly marker: string;
  /** Shown by `CLIENT LIST`. */
  readonly connectionName: string;
  /** Told when an answer may have been lost with the connection, once Redis gives no other there. */
  readonly onLost: () => void;
  readonly onError: (error: Error) => void;
}

/** How much later than asked Redis may answer before the connection counts as dead. */
const graceMs = 1_000;
/** Without a connection the caller looks for work so often. */
const lookMs = 1_000;
/** Redis before 7.0.8 takes anything shorter for "for ever". */
const shortestMs = 2;
/** A wait that Redis has not begun yet cannot be ended: it is tried again after so long. */
const againMs = 20;

/**
 * What somebody wants of Redis when the bell rings: it asks on that line as soon as it likes, and nothing more once the wait is over. What it
 * answers is what the wait is answered with.
 */
export type Ask<T> = (line: ScriptClient, rung: Promise<unknown>) => Promise<T | undefined>;

/** One wait in Redis. */
interface Wait {
  /** Resolves when it is over, one way or the other. */
  readonly over: Promise<void>;
}

/**
 * Tells when there may be work in a queue, on a connection of its own: somebody added a job, or a delayed one is due.
 *
 * What its caller wants of Redis then can be sent right behind the wait. Redis keeps the turn of commands on one connection, so it is carried out
 * the moment the bell rings, and the answer is the news: the way here and back is saved.
 *
 * Every wait ends: when the bell rings, when time is up, when the caller lets go of it, and when the connection breaks, because
 * what was rung meanwhile is lost. Nothing of it is left behind, so that a worker that stopped can end without Redis.
 */
export class WorkBell {
  readonly #client: RedisClient;
  readonly #marker: string;
  readonly #main: RedisClient;
  readonly #onLost: () => void;
  readonly #onError: (error: Error) => void;
  /** What Redis calls the connection; undefined as long as it has not said. */
  #line: { readonly id: string; readonly address: string } | undefined;
  #wait: Wait | undefined;

  constructor({ client, marker, connectionName, onLost, onError }: WorkBellOptions) {
    this.#main = client;
    this.#marker = marker;
    this.#onLost = onLost;
    this.#onError = onError;
    // A wait that was given up on must not be taken up again later: it would hear the bell, and nobody would come.
    this.#client = client.duplicate({
      connectionName,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
    });
    this.#client.on('error', onError);
    this.#client.on('ready', this.#onReady);
    watchConnection(this.#client, { mayWait: true });
    this.#client.connect().catch(() => undefined);
    client.on('close', this.#onMainClosed);
  }

  /** What broke the connection beside it may have broken the bell's too, and nobody would know before the wait is over. */
  readonly #onMainClosed = (): void => breakConnection(this.#client);

  readonly #onReady = (): void => {
    this.#line = undefined;
    this.#client.client('INFO').then(
      (info) => {
        const [, id, address] = /^id=(\d+) addr=(\S+)/.exec(String(info)) ?? [];
        if (id !== undefined && address !== undefined) this.#line = { id, address };
      },
      // It connects anew, or does without.
      () => undefined,
    );
  };

  /**
   * Waits until there may be work, at most for so long, and has Redis carry out at once what `ask` sends meanwhile. Undefined when nothing was
   * asked, or the connection broke before the answer came.
   *
   * @throws what Redis answers to a wait or a question that it refuses.
   */
  async wait<T>(ms: number, signal: AbortSignal, ask: Ask<T>): Promise<T | undefined> {
    const client = this.#client;
    if (client.status !== 'ready') {
      await this.#whenReady(Math.min(ms, lookMs), signal);
      return undefined;
    }
    const broken = new Breakage(client);
    const rung = broken.or(client.bzpopmin(this.#marker, Math.max(ms, shortestMs) / 1_000));
    const line: ScriptClient = {
      evalsha: (...words) => broken.or(client.evalsha(...words)),
      eval: (...words) => broken.or(client.eval(...words) as Promise<unknown>),
    };
    const answered = Promise.all([ask(line, rung), rung]);
    this.#wait = { over: answered.then(ignore, ignore) };
    const wait = this.#wait;
    // What came while the event loop was held up is read first.
    const late = setTimeout(setImmediate, ms + graceMs, () => {
      if (this.#wait === wait) breakConnection(client, `no answer from Redis to a wait of ${ms} ms: connecting anew`);
    });
    try {
      const [answer] = await answered;
      return answer;
    } catch (error) {
      if (!broken.hasHappened) throw error;
      void this.#disown();
      return undefined;
    } finally {
      clearTimeout(late);
      broken.ignore();
      this.#wait = undefined;
    }
  }

  /**
   * Ends the wait under way, if there is one: what was asked behind it is carried out now.
   */
  letGo(): void {
    const wait = this.#wait;
    if (wait === undefined) return;
    if (this.#main.status === 'ready') void this.#endWait(wait);
    else breakConnection(this.#client);
  }

  /** Wakes the next who waits. */
  ring(): void {
    if (this.#main.status === 'ready') this.#main.zadd(this.#marker, 0, '0').catch(this.#onError);
  }

  /** Ends the connection, whatever state it is in: Redis drops the waiting client, so that the next job wakes somebody else. */
  close(): void {
    this.#main.off('close', this.#onMainClosed);
    this.#client.disconnect();
  }

  async #endWait(wait: Wait): Promise<void> {
    try {
      const ended = await within(graceMs, Promise.all([this.#unblock(wait), wait.over]));
      if (ended === 'late') breakConnection(this.#client);
    } catch (error) {
      // Not every Redis lets a wait be ended.
      if (this.#wait === wait) breakConnection(this.#client);
      else this.#onError(error as Error);
    }
  }

  async #unblock(wait: Wait): Promise<void> {
    if (this.#line === undefined) throw new Error('Redis did not say what it calls the connection');
    while (this.#wait === wait && (await this.#main.client('UNBLOCK', this.#line.id)) === 0) await pause(againMs);
  }

  /**
   * Nobody hears what Redis answers on a connection that broke here. Redis may not have noticed, and would give the next jobs away there: it is
   * told. By its address too, because another server may have given the same number to somebody else.
   */
  async #disown(): Promise<void> {
    const line = this.#line;
    // Not every Redis does as it is told; then that wait ends by itself.
    if (line !== undefined) await this.#main.call('CLIENT', 'KILL', 'ID', line.id, 'ADDR', line.address).catch(ignore);
    this.#onLost();
  }

  /** Resolves when the connection stands, when time is up, or when the caller has had enough. */
  #whenReady(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#client.off('ready', end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#client.once('ready', end);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }
}

/** The end of a connection, on which its client forgets what it was asked without a word. */
class Breakage {
  readonly #client: RedisClient;
  readonly #broken: Promise<never>;
  #happen = ignore;
  hasHappened = false;

  constructor(client: RedisClient) {
    this.#client = client;
    this.#broken = new Promise((_resolve, reject) => {
      this.#happen = () => {
        this.hasHappened = true;
        reject(new Error('the connection broke before Redis answered'));
      };
    });
    this.#broken.catch(ignore);
    client.once('close', this.#happen);
  }

  /** The answer, or the end of the connection if that comes first. */
  or<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#broken]);
  }

  ignore(): void {
    this.#client.off('close', this.#happen);
  }
}

function ignore(): void {}
