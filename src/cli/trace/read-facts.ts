import { shortened } from '../wording.js';

/** The last moment that a `Date` can hold. */
const lastMomentMs = 8.64e15;
const longestText = 2_000;

/** A moment that anybody may have written; null when it is none. */
export function momentOf(value: unknown): number | null {
  return typeof value === 'number' && value > 0 && value <= lastMomentMs ? value : null;
}

/** A text that anybody may have written, cut to what a story has room for; undefined when it is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? shortened(value, longestText) : undefined;
}

type Tidy<T> = { readonly [Field in keyof T]?: Exclude<T[Field], undefined> };

/** Without the fields that are undefined. */
export function tidy<T extends object>(fields: T): Tidy<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Tidy<T>;
}
