/** Reads JSON that anybody may have written. */
export function parseOr(json: string | undefined, otherwise: unknown): unknown {
  if (json === undefined) return otherwise;
  try {
    return JSON.parse(json);
  } catch {
    return otherwise;
  }
}
