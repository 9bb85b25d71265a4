/** How each word of a reply is read, by its name and in the order of the script's header. */
type RowShape = Readonly<Record<string, (word: unknown) => unknown>>;

/**
 * Reads a reply that is one row of words: names instead of places.
 *
 * @throws TypeError when there are not as many words as the header promises.
 */
export function readRow<const S extends RowShape>(
  raw: unknown,
  shape: S,
): { readonly [K in keyof S]: ReturnType<S[K]> } {
  const names = Object.keys(shape);
  if (!Array.isArray(raw) || raw.length !== names.length) throw new TypeError(`expected ${names.length} words`);
  return Object.fromEntries(names.map((name, place) => [name, shape[name]?.(raw[place])])) as {
    readonly [K in keyof S]: ReturnType<S[K]>;
  };
}
