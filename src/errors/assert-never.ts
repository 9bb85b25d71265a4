/** Closes a `switch` over a union: the compiler proves the branch unreachable, and a value from outside still fails loudly. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
