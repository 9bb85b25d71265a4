/** Deeper data may go round in circles. */
const deepest = 64;
/** The longest number, such as -1.7976931348623157e+308, and a comma. */
const longestNumber = 25;

/** An object with more names mostly has names of its own, and to copy those takes longer than to write them. */
const mostNames = 16;

/** How much may still be written, in bytes. */
interface Room {
  left: number;
}

/** What a copy is instead of data that is not plain. */
const notPlain: unique symbol = Symbol('not plain');

/**
 * A copy of plain data (objects without a class, lists, texts, numbers, booleans, null) that is written as JSON like the original, in at
 * most so many bytes: writing it cannot fail, and nobody changes it meanwhile. Undefined when the data is something else, or may be
 * longer, or the copy would take longer than to write the data.
 */
export function plainCopy(data: unknown, maxBytes: number): object | undefined {
  try {
    const copy = copyOf(data, { left: maxBytes }, deepest);
    return typeof copy === 'object' && copy !== null ? copy : undefined;
  } catch {
    // A getter threw. Whoever writes the original tells of it.
    return undefined;
  }
}

function copyOf(value: unknown, room: Room, depth: number): unknown {
  if (room.left < 0 || depth === 0) return notPlain;
  switch (typeof value) {
    case 'string':
      room.left -= longestText(value);
      return value;
    case 'object':
      if (value === null) break;
      return Array.isArray(value) ? copyOfList(value, room, depth) : copyOfObject(value, room, depth);
    case 'number':
    case 'boolean':
    case 'undefined':
      break;
    default:
      return notPlain;
  }
  room.left -= longestNumber;
  return value;
}

function copyOfList(list: readonly unknown[], room: Room, depth: number): unknown {
  if (tellsItsJson(list)) return notPlain;
  const copy: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    const copied = copyOf(list[index], room, depth - 1);
    if (copied === notPlain) return notPlain;
    copy.push(copied);
  }
  room.left -= 3;
  return room.left < 0 ? notPlain : copy;
}

function copyOfObject(data: object, room: Room, depth: number): unknown {
  if (Object.getPrototypeOf(data) !== Object.prototype || tellsItsJson(data)) return notPlain;
  const names = Object.keys(data);
  if (names.length > mostNames) return notPlain;
  const copy: Record<string, unknown> = {};
  for (const name of names) {
    const copied = copyOf(data[name as keyof object], room, depth - 1);
    // To set the second would change what the copy is.
    if (copied === notPlain || name === '__proto__') return notPlain;
    room.left -= longestText(name) + 1;
    copy[name] = copied;
  }
  room.left -= 3;
  return room.left < 0 ? notPlain : copy;
}

/** Asked as `JSON.stringify` asks, so that it need not be a name among others. */
function tellsItsJson(data: object): boolean {
  return (data as { readonly toJSON?: unknown }).toJSON !== undefined;
}

/** In bytes, with quotes and a comma: no character takes more than its escape of six. */
function longestText({ length }: string): number {
  return length * 6 + 3;
}
