import { isSecretName } from '../telemetry/redaction.js';

/** What stands in place of payloads and results that nobody asked to see. */
export const hiddenNote =
  'hidden: set supervisor.boardPayloads to redacted to show payloads and results without their secrets';

/** A page shows many jobs at once, and their payloads may be large. The mark of a cut is ASCII: one other sign makes all of the answer twice as long in memory. */
const mostValues = 500;
const longestText = 2_000;
const mostText = 4_000;
const deepest = 12;

/** A payload or result as the board may show it: fields with names of secrets are blanked at any depth, and what is too large is cut. Pure. */
export function shownValue(value: unknown): unknown {
  let left = mostValues;
  let text = mostText;
  const show = (part: unknown, depth: number): unknown => {
    left -= 1;
    if (left < 0 || depth > deepest) return '... cut';
    if (typeof part === 'string') {
      const room = Math.min(longestText, text);
      text -= Math.min(part.length, room);
      return part.length > room ? `${part.slice(0, room)}... cut` : part;
    }
    if (Array.isArray(part)) return capped(part, left).map((entry) => show(entry, depth + 1));
    if (typeof part !== 'object' || part === null) return part;
    const fields = capped(Object.entries(part), left);
    return Object.fromEntries(
      fields.map(([name, field]) => [name, isSecretName(name) ? '[redacted]' : show(field, depth + 1)]),
    );
  };
  return show(value, 0);
}

/** One more than there is room for, so that a cut shows. */
function capped<T>(entries: readonly T[], left: number): readonly T[] {
  return entries.slice(0, Math.max(0, left) + 1);
}
