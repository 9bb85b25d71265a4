/**
 * Turns bytes into text: by their byte order mark, else the declared character set, else UTF-8, else Windows-1252, which
 * every byte fits. Pure. Line ends become '\n'.
 */
export function decodeText(bytes: Uint8Array, charset?: string): string {
  const text =
    decodeByMark(bytes) ?? decodeAs(charset, bytes) ?? decodeAs('utf-8', bytes) ?? decodeAs('windows-1252', bytes);
  return (text ?? '').replace(/\r\n?/g, '\n');
}

/** Finds the character set an HTML document declares in its head. Pure. */
export function sniffHtmlCharset(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 1024)).toString('latin1');
  return /<meta[^>]+charset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1];
}

function decodeByMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return decodeAs('utf-8', bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodeAs('utf-16le', bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodeAs('utf-16be', bytes);
  return undefined;
}

/** Undefined when the character set is not known or the bytes do not fit it. */
function decodeAs(charset: string | undefined, bytes: Uint8Array): string | undefined {
  if (charset === undefined) return undefined;
  try {
    // As a stream, because a document that was cut short may end inside a character.
    return new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
