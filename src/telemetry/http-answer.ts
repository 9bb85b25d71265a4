import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is answered to one request. */
export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Answers a request for something below a path; it is given the rest of the path, decoded. */
export type HttpRoute = (rest: string) => Promise<HttpAnswer>;

/** Answers everything at a path and below it by itself: methods, cookies and all. */
export type HttpMount = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** An answer for programs that a person can read, too. */
export function jsonAnswer(status: number, body: object): HttpAnswer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}
