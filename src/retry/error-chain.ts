/** How far down a chain of causes anything is looked for. */
const maxDepth = 5;

/** What was thrown, what caused that, and so on, as far as they are objects; of several errors at once the first goes on. */
export function* errorChain(thrown: unknown): Generator<object> {
  let current: unknown = thrown;
  for (let depth = 0; depth < maxDepth && typeof current === 'object' && current !== null; depth++) {
    yield current;
    const { cause, errors } = current as { cause?: unknown; errors?: unknown };
    current = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
}
