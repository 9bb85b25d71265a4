/**
 * What a job carries of the trace that it belongs to: a JSON object of headers, `traceparent` first of all. It lies where BullMQ's own
 * telemetry puts it, so that a trace goes on from its producers to our workers, and from ours to its workers.
 */

/** The key in the job's options, as BullMQ stores them. */
export const carrierOption = 'tm';

/** Baggage may be long and is copied with every job; a carrier that is longer than this is nobody's. */
export const longestCarrier = 4_096;

/** The same trace may be told as one that a job only came from; see `Relation`. */
const relationField = 'bulwark';
const linkedWord = 'linked';

/**
 * How the run of a job stands to what enqueued it. `child`: it is a part of the same trace. `linked`: it is a trace of its own, with a link
 * to the enqueue, because so many jobs came from there that one trace could not show them.
 */
export type Relation = 'child' | 'linked';

/** Headers of a trace, by name. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** Writes a carrier; undefined where there is nothing to carry. Of one that is too long only the trace itself is left. */
export function encodeCarrier(headers: TraceHeaders, relation: Relation): string | undefined {
  if (Object.keys(headers).length === 0) return undefined;
  const mark: TraceHeaders = relation === 'linked' ? { [relationField]: linkedWord } : {};
  const whole = JSON.stringify({ ...headers, ...mark });
  if (whole.length <= longestCarrier) return whole;
  const { traceparent } = headers;
  return traceparent === undefined ? undefined : JSON.stringify({ traceparent, ...mark });
}

/** Takes what anybody may have written for a carrier; undefined for what cannot be one. */
export function parseCarrier(raw: unknown): string | undefined {
  return typeof raw === 'string' && raw !== '' && raw.length <= longestCarrier ? raw : undefined;
}

/** Reads a carrier; no headers when it is none. */
export function decodeCarrier(carrier: string | undefined): {
  readonly headers: TraceHeaders;
  readonly relation: Relation;
} {
  const { [relationField]: mark, ...headers } = textFields(carrier);
  return { headers, relation: mark === linkedWord ? 'linked' : 'child' };
}

/** The W3C trace context in a carrier, or undefined when there is none. */
export function traceparentIn(carrier: string | undefined): string | undefined {
  const { traceparent } = decodeCarrier(carrier).headers;
  return traceIdOf(traceparent) === undefined ? undefined : traceparent;
}

/** The id of the trace in a carrier. */
export function traceIdIn(carrier: string | undefined): string | undefined {
  return traceIdOf(decodeCarrier(carrier).headers['traceparent']);
}

function textFields(carrier: string | undefined): Record<string, string> {
  if (carrier === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(carrier);
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    // Somebody else's telemetry may write what it likes.
    return {};
  }
}

/** The trace id inside a W3C traceparent, or undefined when it is not one. */
function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent ?? '')?.[1];
}
