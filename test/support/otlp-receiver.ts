import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Value = Readonly<Record<string, unknown>>;

/** A span as a collector receives it, its attributes as plain values. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** By OTLP's number: 1 internal, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Value;
  readonly failed: boolean;
  readonly message: string | undefined;
  readonly events: readonly { readonly name: string; readonly attributes: Value }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly resource: Value;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Everything that came, as it came. */
  text(): string;
  close(): Promise<void>;
}

interface Attributed {
  readonly attributes?: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}
type RawSpan = Attributed & {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly events?: readonly (Attributed & { readonly name: string })[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
};
interface RawBatch {
  readonly resourceSpans?: readonly {
    readonly resource?: Attributed;
    readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
  }[];
}

/** A collector of traces, as far as the JSON of OTLP over HTTP goes. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const texts: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      texts.push(text);
      spans.push(...spansIn(JSON.parse(text) as RawBatch));
      response.setHeader('content-type', 'application/json').end('{}');
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    text: () => texts.join('\n'),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function spansIn({ resourceSpans = [] }: RawBatch): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource = {}, scopeSpans = [] }) =>
    scopeSpans.flatMap((scope) => scope.spans ?? []).map((span) => decode(span, resource)),
  );
}

function decode(span: RawSpan, resource: Attributed): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, kind, status, events = [], links = [] } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    name,
    kind,
    attributes: valuesOf(span),
    failed: status?.code === 2,
    message: status?.message,
    events: events.map((event) => ({ name: event.name, attributes: valuesOf(event) })),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    resource: valuesOf(resource),
  };
}

/** `{ key, value: { stringValue } }` as one object. */
function valuesOf({ attributes = [] }: Attributed): Value {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
