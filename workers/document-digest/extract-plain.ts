import type { FairShare } from './fair-share.js';
import { cutLong, type ExtractedText, TextBlocks } from './text-blocks.js';

const maxStepChars = 8_000;

/** Reads plain text: blank lines part paragraphs. */
export async function extractPlain(text: string, share: FairShare): Promise<ExtractedText> {
  const found = new TextBlocks();
  let paragraph = '';
  for (const line of text.split('\n')) {
    if (found.truncated) break;
    // A line or a paragraph without end is handed on in pieces, so that no step grows with it.
    for (const piece of cutLong(line, maxStepChars)) {
      paragraph += `${piece}\n`;
      if (paragraph.length > maxStepChars) paragraph = flush(paragraph, found);
      await share.step();
    }
    if (line.trim() === '') paragraph = flush(paragraph, found);
  }
  found.add('prose', paragraph);
  return { title: undefined, language: undefined, blocks: found.blocks, truncated: found.truncated };
}

function flush(paragraph: string, found: TextBlocks): '' {
  found.add('prose', paragraph);
  return '';
}
