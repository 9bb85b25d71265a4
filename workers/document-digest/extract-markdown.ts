import { Lexer, type Token, type Tokens } from 'marked';
import { HtmlText } from './extract-html.js';
import type { FairShare } from './fair-share.js';
import { markdownSegments, splitFrontMatter } from './markdown-segments.js';
import { type ExtractedText, foldSpace, TextBlocks } from './text-blocks.js';

/** Reads GitHub-flavoured Markdown. Code blocks are left out; code inside a sentence is part of it. */
export async function extractMarkdown(source: string, share: FairShare): Promise<ExtractedText> {
  const { title, body } = splitFrontMatter(source);
  const tokens = await parseMarkdown(body, share);
  const found = new TextBlocks();
  for (const token of tokens) {
    addBlock(token, found);
    if (found.truncated) break;
    await share.step();
  }
  const firstHeading = found.blocks.find(({ kind }) => kind === 'heading')?.text;
  return {
    title: title === undefined ? firstHeading : foldSpace(title),
    language: undefined,
    blocks: found.blocks,
    truncated: found.truncated,
  };
}

/** One lexer for all segments, because a link may be used long before it is defined. */
async function parseMarkdown(body: string, share: FairShare): Promise<readonly Token[]> {
  const lexer = new Lexer({ gfm: true });
  for (const segment of markdownSegments(body)) {
    try {
      lexer.blockTokens(segment, lexer.tokens);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Nested deeper than the stack, which no person writes: the rest of the document is still worth reading.
    }
    await share.step();
  }
  for (const { src, tokens } of lexer.inlineQueue) {
    lexer.inlineTokens(src, tokens);
    await share.step();
  }
  return lexer.tokens;
}

function addBlock(token: Token, found: TextBlocks): void {
  switch (token.type) {
    case 'heading':
      found.add('heading', inlineText(token.tokens));
      break;
    case 'paragraph':
    case 'text':
      addParagraph(inlineText(token.tokens ?? [token]), found);
      break;
    case 'blockquote':
    case 'list_item':
      for (const child of token.tokens ?? []) addBlock(child, found);
      break;
    case 'list':
      for (const item of (token as Tokens.List).items) addBlock(item, found);
      break;
    case 'table': {
      const { header, rows } = token as Tokens.Table;
      for (const cell of [header, ...rows].flat()) found.add('fragment', inlineText(cell.tokens));
      break;
    }
    case 'html': {
      const html = new HtmlText();
      html.write(token.raw);
      for (const { kind, text } of html.end().blocks) found.add(kind, text);
      break;
    }
  }
}

/** Rows of a table whose head is in an earlier segment come as a paragraph of lines with bars. */
function addParagraph(text: string, found: TextBlocks): void {
  if (!text.startsWith('|')) {
    found.add('prose', text);
    return;
  }
  for (const cell of text.split('|')) found.add('fragment', cell);
}

function inlineText(tokens: readonly Token[] | undefined): string {
  return decodeEntities((tokens ?? []).map(inlineTokenText).join(''));
}

function inlineTokenText(token: Token): string {
  if (token.type === 'br') return ' ';
  if (token.type === 'html') return /^<br\b/i.test(token.raw) ? ' ' : '';
  if (token.type === 'checkbox') return '';
  if ('tokens' in token && token.tokens) return token.tokens.map(inlineTokenText).join('');
  return 'text' in token && typeof token.text === 'string' ? token.text : '';
}

/** Markdown takes the character references of HTML. */
function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  const html = new HtmlText();
  html.write(text.replaceAll('<', '&lt;'));
  return html
    .end()
    .blocks.map((block) => block.text)
    .join(' ');
}
