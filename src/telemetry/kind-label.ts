/** Where every kind without a label of its own is counted. */
const otherKind = 'other';

/** More kinds than a pool is expected to have, and few enough that a histogram by kind stays affordable. */
const maxKinds = 100;
const maxKindLength = 100;

/**
 * Bounds the `kind` label, because a kind that comes out of a job may be anything somebody wrote into Redis.
 *
 * With the known kinds given, any other becomes `other`. Without them (a supervisor serves kinds it has no code for) the
 * first hundred seen keep their name.
 */
export function createKindLabel(known?: Iterable<string>): (kind: string) => string {
  if (known) {
    const kinds = new Set(known);
    return (kind) => (kinds.has(kind) ? kind : otherKind);
  }
  const seen = new Set<string>();
  return (kind) => {
    if (seen.has(kind)) return kind;
    if (seen.size >= maxKinds || kind.length > maxKindLength) return otherKind;
    seen.add(kind);
    return kind;
  };
}
