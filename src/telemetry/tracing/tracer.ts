import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { bulwarkVersion } from '../version.js';

/** What stands for a provider as long as the program has registered none. */
const nobody = new ProxyTracerProvider().getDelegate();

let known: { readonly provider: TracerProvider; readonly tracer: Tracer } | undefined;

/**
 * The tracer of the program we run in; undefined when nobody traces.
 *
 * Asked for every job, so it must cost next to nothing then: it looks up who is registered, and makes nothing.
 */
export function currentTracer(): Tracer | undefined {
  const registered = trace.getTracerProvider();
  const provider = registered instanceof ProxyTracerProvider ? registered.getDelegate() : registered;
  if (provider === nobody) return undefined;
  if (known?.provider !== provider) known = { provider, tracer: provider.getTracer('bulwark', bulwarkVersion) };
  return known.tracer;
}

/** Whether anybody traces. */
export function isTracing(): boolean {
  return currentTracer() !== undefined;
}
