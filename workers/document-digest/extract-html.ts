import { Parser } from 'htmlparser2';
import type { FairShare } from './fair-share.js';
import { type BlockKind, type ExtractedText, foldSpace, maxTextChars, TextBlocks } from './text-blocks.js';

/** How much is handed to the parser at once. */
const chunkChars = 16 * 1024;
/** Deeper documents are made, not written, and cost the parser time with the square of the depth. */
const maxDepth = 1_000;
/** A block that goes on is ended here, so that no step grows with it. */
const maxBlockTextChars = 16 * 1024;
/** A main part with less text than this is a wrong guess of the author, and the whole page is read. */
const minMainChars = 200;

/** Reads HTML: the main part of a page when it marks one, else all of it but menus, banners, forms and code. */
export async function extractHtml(source: string, share: FairShare): Promise<ExtractedText> {
  const html = new HtmlText();
  for (let start = 0; start < source.length && !html.full; start += chunkChars) {
    html.write(source.slice(start, start + chunkChars));
    await share.step();
  }
  const { title, language, blocks } = html.end();
  const found = new TextBlocks();
  for (const { kind, text } of blocks) {
    found.add(kind, text);
    await share.step();
  }
  return { title, language, blocks: found.blocks, truncated: html.full || found.truncated };
}

/** What an element means for the text inside it. */
type Role = 'silent' | 'title' | 'surroundings' | 'main' | 'code' | 'heading' | 'fragment' | 'paragraph' | 'inline';

const elements: Readonly<Partial<Record<Role, string>>> = {
  // Their content is not text of the page.
  silent: 'script style noscript template svg math iframe object audio video canvas select textarea',
  title: 'title',
  // They belong to the site, not to the page.
  surroundings: 'nav aside footer form button dialog',
  main: 'main article',
  code: 'pre',
  heading: 'h1 h2 h3 h4 h5 h6',
  fragment: 'td th caption figcaption dt summary address',
  paragraph:
    'blockquote body br dd details div dl fieldset figure header hr li ol p section table tbody tfoot thead tr ul',
};

const roleByElement: ReadonlyMap<string, Role> = new Map(
  Object.entries(elements).flatMap(([role, names]) => names.split(' ').map((name) => [name, role as Role] as const)),
);

const surroundingRoles = new Set(['navigation', 'banner', 'contentinfo', 'search', 'complementary', 'dialog']);

interface PlacedBlock {
  readonly place: 'main' | 'page' | 'surroundings' | 'code';
  readonly kind: BlockKind;
  readonly text: string;
}

/** Turns HTML into text while it is being parsed: no tree is built, so memory does not grow with the markup. */
export class HtmlText {
  readonly #parser: Parser;
  readonly #open: Role[] = [];
  /** How many elements of each role are open. */
  readonly #inside: Record<Role, number> = {
    silent: 0,
    title: 0,
    surroundings: 0,
    main: 0,
    code: 0,
    heading: 0,
    fragment: 0,
    paragraph: 0,
    inline: 0,
  };
  readonly #blocks: PlacedBlock[] = [];
  #chars = 0;
  #text = '';
  #title = '';
  #socialTitle: string | undefined;
  #language: string | undefined;
  #full = false;

  constructor() {
    this.#parser = new Parser({
      onopentag: (name, attributes) => this.#enter(name, attributes),
      onclosetag: () => this.#leave(),
      ontext: (text) => this.#read(text),
    });
  }

  /** Whether more input would change nothing. */
  get full(): boolean {
    return this.#full;
  }

  write(html: string): void {
    if (!this.#full) this.#parser.write(html);
  }

  end(): Omit<ExtractedText, 'truncated'> {
    this.#parser.end();
    this.#flush();
    const blocks = this.#chooseBlocks();
    const title = foldSpace(this.#title) || this.#socialTitle || blocks.find(({ kind }) => kind === 'heading')?.text;
    return { title: title === '' ? undefined : title, language: this.#language, blocks };
  }

  #enter(name: string, attributes: Readonly<Record<string, string>>): void {
    const role = roleOf(name, attributes);
    if (role !== 'inline') this.#flush();
    this.#open.push(role);
    this.#inside[role]++;
    if (this.#open.length > maxDepth) this.#full = true;
    if (name === 'html') this.#language = attributes['lang'];
    if (name === 'meta' && attributes['property'] === 'og:title') this.#socialTitle = attributes['content'];
  }

  #leave(): void {
    const role = this.#open.at(-1);
    if (role === undefined) return;
    if (role !== 'inline') this.#flush();
    this.#open.pop();
    this.#inside[role]--;
  }

  #read(text: string): void {
    if (this.#inside.silent > 0) return;
    if (this.#inside.title > 0) {
      this.#title = (this.#title + text).slice(0, 1_000);
      return;
    }
    this.#text += text;
    if (this.#text.length > maxBlockTextChars) this.#flush();
  }

  /** Ends the block that has been read so far. */
  #flush(): void {
    const text = foldSpace(this.#text);
    this.#text = '';
    if (text === '' || this.#full) return;
    this.#blocks.push({ place: this.#place(), kind: this.#kind(), text });
    this.#chars += text.length;
    if (this.#chars > maxTextChars) this.#full = true;
  }

  #place(): PlacedBlock['place'] {
    if (this.#inside.surroundings > 0) return 'surroundings';
    if (this.#inside.code > 0) return 'code';
    return this.#inside.main > 0 ? 'main' : 'page';
  }

  #kind(): BlockKind {
    if (this.#inside.heading > 0) return 'heading';
    return this.#inside.fragment > 0 ? 'fragment' : 'prose';
  }

  /** The main part if there is a real one, else the page, else whatever there is: some pages are one menu, or one `<pre>`. */
  #chooseBlocks(): readonly PlacedBlock[] {
    const main = this.#blocks.filter(({ place }) => place === 'main');
    if (main.reduce((chars, { text }) => chars + text.length, 0) >= minMainChars) return main;
    const page = this.#blocks.filter(({ place }) => place === 'main' || place === 'page');
    return page.length > 0 ? page : this.#blocks;
  }
}

function roleOf(name: string, attributes: Readonly<Record<string, string>>): Role {
  const role = roleByElement.get(name) ?? 'inline';
  if (role === 'silent') return role;
  const hidden = attributes['hidden'] !== undefined || attributes['aria-hidden'] === 'true';
  if (hidden || surroundingRoles.has(attributes['role'] ?? '')) return 'surroundings';
  return role;
}
