/**
 * Reads a body into memory, but never more than `limitBytes`.
 *
 * @returns the bytes, or `'too-large'` as soon as the body exceeds the limit; the rest is not read, the connection is closed.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer | 'too-large'> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop destroys the stream.
    if (size > limitBytes) return 'too-large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
