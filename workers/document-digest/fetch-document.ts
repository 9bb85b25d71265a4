import { type EpochMs, type JobContext, PermanentError, parseRetryAfter } from 'bulwark';
import { type Dispatcher, request } from 'undici';
import { callError } from '../outbound/call-error.js';
import { discardBody } from '../outbound/discard-body.js';
import { readBody } from '../outbound/read-body.js';
import { decideStatus, statusError } from '../outbound/status-verdict.js';
import { parseTargetUrl } from '../outbound/target-url.js';
import { documentSource } from './dependencies.js';
import { formatBytes, type RawDocument } from './raw-document.js';

export interface FetchRules {
  readonly maxBytes: number;
  /** The guarded agent: it refuses private addresses at every hop. */
  readonly dispatcher: Dispatcher;
  readonly now: () => number;
}

type Hop =
  | { readonly kind: 'document'; readonly document: Omit<RawDocument, 'identity' | 'name'> }
  | { readonly kind: 'redirect'; readonly location: string };

const maxRedirects = 3;

/**
 * Fetches a document from the web and follows up to three redirects. Every hop is checked like the first URL and counts
 * as a call to its own host.
 *
 * @throws PermanentError when a hop may not be called, refuses, or the document is too large or compressed; TransientError
 * and ThrottledError when a later attempt may succeed.
 */
export async function fetchDocument(
  url: string,
  ctx: Pick<JobContext, 'call'>,
  rules: FetchRules,
): Promise<RawDocument> {
  const first = parseTargetUrl(url, ['https', 'http']);
  first.hash = '';
  let target = first;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const current = target;
    const hop = await ctx.call(documentSource, (signal) => fetchHop(current, rules, signal), { key: current.host });
    if (hop.kind === 'document') {
      return {
        ...hop.document,
        identity: `web:${first.href}`,
        name: current.pathname.split('/').at(-1) || current.host,
      };
    }
    target = parseTargetUrl(resolveLocation(hop.location, current), ['https', 'http']);
  }
  throw new PermanentError(`${first.host} redirects more than ${maxRedirects} times`);
}

function resolveLocation(location: string, base: URL): string {
  return URL.canParse(location, base.href) ? new URL(location, base).href : location;
}

async function fetchHop(target: URL, { maxBytes, dispatcher, now }: FetchRules, signal: AbortSignal): Promise<Hop> {
  try {
    const { statusCode, headers, body } = await request(target, {
      headers: {
        accept: 'text/markdown, text/html, application/pdf, text/plain;q=0.9, */*;q=0.1',
        'accept-encoding': 'identity',
        'user-agent': 'bulwark-document-digest',
      },
      dispatcher,
      signal,
    });
    const verdict = decideStatus(statusCode, parseRetryAfter(headers['retry-after'], now() as EpochMs));
    const location = headerOf(headers, 'location');
    if (verdict.kind !== 'accepted') {
      await discardBody(body);
      if (verdict.kind === 'redirected' && location !== undefined) return { kind: 'redirect', location };
      throw statusError(verdict, `${target.host} answered ${statusCode}`);
    }
    const encoding = headerOf(headers, 'content-encoding') ?? 'identity';
    if (encoding !== 'identity') {
      await discardBody(body);
      throw new PermanentError(`${target.host} compressed the document (${encoding}) although that was not asked for`);
    }
    const bytes = await readBody(body, maxBytes);
    if (bytes === 'too-large') {
      throw new PermanentError(
        `the document at ${target.host} has more than ${formatBytes(maxBytes)}; DIGEST_MAX_BYTES raises that`,
      );
    }
    return { kind: 'document', document: { bytes, ...parseContentType(headerOf(headers, 'content-type')) } };
  } catch (error) {
    throw callError(error, target.host, signal);
  }
}

function headerOf(headers: Readonly<Record<string, string | string[] | undefined>>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Reads a `Content-Type` header: the type in lower case, and its charset. */
export function parseContentType(header: string | undefined): Pick<RawDocument, 'contentType' | 'charset'> {
  const [type = '', ...parameters] = (header ?? '').split(';');
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([\w.:-]+)"?\s*$/i.exec(parameter)?.[1]);
  return { contentType: type.trim().toLowerCase() || undefined, charset: charset.find((name) => name !== undefined) };
}
