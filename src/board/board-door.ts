import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type HttpAnswer, jsonAnswer } from '../telemetry/http-answer.js';
import type { Clock } from '../time/clock.js';
import { isSession, isToken, sessionMs, sessionOf } from './board-token.js';
import { GuessLimit } from './guess-limit.js';
import { loginPage } from './login-page.js';

export interface BoardDoorOptions {
  /** Where the board lies: `/board`. */
  readonly path: string;
  readonly token: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const cookieName = 'bulwark_board';
/** A form with a token is shorter. */
const mostFormBytes = 4_096;

/** Everything comes from here: the page's own fonts would come from elsewhere, and stay away. */
const pagePolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'";

/**
 * Lets in who has the token, to look and to change nothing.
 *
 * A program sends it with each request as `Authorization: Bearer`; a browser sends it once by a form, and keeps a session in a cookie that no
 * script can read and no other site can make it send.
 */
export class BoardDoor {
  readonly #options: BoardDoorOptions;
  readonly #limit = new GuessLimit();

  constructor(options: BoardDoorOptions) {
    this.#options = options;
  }

  /** True when the request may go on to the board; else it has been answered. */
  async admits(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { path } = this.#options;
    const asked = new URL(request.url ?? '/', 'http://board').pathname;
    for (const [name, value] of Object.entries(protection)) response.setHeader(name, value);
    if (asked === `${path}/login` && request.method === 'POST') return this.#signIn(request, response);
    if (asked === `${path}/logout`) return refuse(response, this.#toBoard(cookie('', path, 0)));

    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return refuse(response, refusal);
    // The form's address again, after it was sent: there is nothing to sign in to any more.
    if (asked === `${path}/login`) return refuse(response, this.#toBoard());
    if (request.method === 'GET' || request.method === 'HEAD') return true;
    const error = 'the board is read-only; use the command line: `bulwark queue`, `bulwark job`, `bulwark dlq`';
    return refuse(response, { ...jsonAnswer(405, { error }), headers: { allow: 'GET, HEAD' } });
  }

  /** How somebody who is not known is answered; undefined for who may come in. */
  #refusalOf(request: IncomingMessage): Answer | undefined {
    const { token, clock } = this.#options;
    const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (bearer !== undefined) return this.#judge(request, bearer, (status, error) => jsonAnswer(status, { error }));
    const session = cookieIn(request.headers.cookie ?? '');
    if (session !== undefined && isSession(session, token, clock.now())) return undefined;
    if (/\btext\/html\b/.test(request.headers.accept ?? '')) return this.#form(401);
    return jsonAnswer(401, { error: 'send the token of the board as `Authorization: Bearer <token>`' });
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<false> {
    const form = await readForm(request);
    if (form === undefined) return refuse(response, { ...this.#form(413, 'That is too long.'), closes: true });
    const refusal = this.#judge(request, form.get('token') ?? '', (status, error) => this.#form(status, error));
    if (refusal !== undefined) return refuse(response, refusal);
    const { token, clock, path, log } = this.#options;
    const session = sessionOf(token, clock.now() + sessionMs);
    log.info({ from: addressOf(request) }, 'board.signed_in');
    return refuse(response, this.#toBoard(cookie(session, path, sessionMs / 1_000, isSecure(request))));
  }

  /**
   * Compares a guess. Whoever has the token comes in, however many wrong ones came from his address: behind a proxy all have the same one. What
   * keeps others out is how long the token is; the limit keeps them from filling the log.
   */
  #judge(request: IncomingMessage, guess: string, say: (status: number, error: string) => Answer): Answer | undefined {
    const { token, clock, log } = this.#options;
    if (isToken(guess, token)) return undefined;
    const [address, now] = [addressOf(request), clock.elapsed()];
    const waitMs = this.#limit.waitMs(address, now);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000);
      const answer = say(429, `Too many wrong tokens: try again in ${seconds} seconds.`);
      return { ...answer, headers: { 'retry-after': String(seconds) } };
    }
    this.#limit.miss(address, now);
    log.warn({ from: address }, 'board.token_wrong');
    return say(401, 'That is not the token of this board.');
  }

  #form(status: number, message?: string): Answer {
    return { status, type: 'text/html; charset=utf-8', body: loginPage(`${this.#options.path}/login`, message) };
  }

  #toBoard(setCookie?: string): Answer {
    const headers = { location: `${this.#options.path}/`, ...(setCookie && { 'set-cookie': setCookie }) };
    return { status: 303, type: 'text/plain; charset=utf-8', body: '', headers };
  }
}

type Answer = HttpAnswer & {
  readonly headers?: Readonly<Record<string, string>>;
  /** What is still to come of the request is not read. */
  readonly closes?: boolean;
};

const protection = {
  'content-security-policy': pagePolicy,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

function refuse(response: ServerResponse, { status, type, body, headers, closes }: Answer): false {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...headers,
    ...(closes && { connection: 'close' }),
  });
  response.end(body);
  return false;
}

/** Undefined when it is longer than a form with a token can be. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostFormBytes) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function cookieIn(header: string): string | undefined {
  const found = header.split(';').find((pair) => pair.trim().startsWith(`${cookieName}=`));
  return found?.trim().slice(cookieName.length + 1);
}

function cookie(value: string, path: string, seconds: number, secure = false): string {
  const base = `${cookieName}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  return secure ? `${base}; Secure` : base;
}

/** Behind a proxy that speaks TLS with the browser the cookie is for TLS alone. */
function isSecure(request: IncomingMessage): boolean {
  return request.headers['x-forwarded-proto'] === 'https';
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}
