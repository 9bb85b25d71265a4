import type { Format, Paint } from '../output.js';
import { printable } from '../wording.js';

/** One line of the screen: its text with its marks, and how many columns it takes. */
export interface Line {
  readonly text: string;
  readonly width: number;
}

/** A piece of a line, and how it is marked. */
export interface Span {
  readonly text: string;
  readonly format?: Format | undefined;
}

export const emptyLine: Line = { text: '', width: 0 };

/** Puts pieces after each other and cuts what is beyond the width. */
export function lineOf(spans: readonly Span[], width: number, paint: Paint): Line {
  let text = '';
  let used = 0;
  for (const span of spans) {
    const piece = cut(plain(span.text), width - used);
    if (piece === '') continue;
    used += widthOf(piece);
    text += span.format === undefined ? piece : paint(span.format, piece);
  }
  return { text, width: used };
}

/** What stands on a screen may come from a job: it must not play with the terminal, nor begin a new line. */
export function plain(text: string): string {
  return printable(text)
    .replace(/\s/g, ' ')
    .replace(/\p{Cf}/gu, '');
}

const narrow = /^[\x20-\x7e]*$/;
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** How many columns a plain text takes. Terminals do not agree about rare signs: the screen cuts what is too long, and wraps nothing. */
export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const sign of text) width += widthOfSign(sign);
  return width;
}

/** Cuts a plain text to a width, with a mark where something is missing. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const sign of text) {
    used += widthOfSign(sign);
    if (used > width - 1) break;
    kept += sign;
  }
  return `${kept}…`;
}

function widthOfSign(sign: string): number {
  if (/\p{M}/u.test(sign)) return 0;
  return wide.test(sign) ? 2 : 1;
}
