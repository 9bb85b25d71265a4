import { z } from 'zod';
import { hasNoCredentials } from '../outbound/target-url.js';

/** What `document-digest` is to read, and how. Give one of `path`, `url` and `text`. */
export const digestPayload = z
  .strictObject({
    /** A file, relative to the root of the worker's settings. */
    path: z
      .string()
      .min(1)
      .max(1024)
      .refine((path) => !path.includes('\0'), { error: 'must not hold a zero byte' })
      .optional(),
    /** A page or file on the web. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .refine(hasNoCredentials, { error: 'must not carry credentials' })
      .optional(),
    /** The document itself. */
    text: z.string().optional(),
    /** What `text` is. Default: plain text. */
    contentType: z.enum(['text/plain', 'text/markdown', 'text/html']).optional(),
    /** Replaces the title the document gives itself. */
    title: z.string().min(1).max(300).optional(),
    /** Longest summary, in sentences. */
    sentences: z.int().min(1).max(20).default(5),
    /** Makes the digest anew although the stored one is of the same document. */
    force: z.boolean().default(false),
  })
  .superRefine(({ path, url, text, contentType }, ctx) => {
    if ([path, url, text].filter((source) => source !== undefined).length !== 1) {
      ctx.addIssue("give exactly one of 'path', 'url' and 'text'");
    }
    if (contentType !== undefined && text === undefined) {
      ctx.addIssue({
        code: 'custom',
        path: ['contentType'],
        message: "belongs to 'text'; files and pages say what they are",
      });
    }
  });

export type DigestPayload = z.output<typeof digestPayload>;

/** Where a document comes from. */
export type DocumentSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'web'; readonly url: string }
  | { readonly kind: 'text'; readonly text: string; readonly contentType: string };

/** Turns the three optional fields of a checked payload into the one source it names. */
export function sourceOf({ path, url, text, contentType }: DigestPayload): DocumentSource {
  if (path !== undefined) return { kind: 'file', path };
  if (url !== undefined) return { kind: 'web', url };
  return { kind: 'text', text: text ?? '', contentType: contentType ?? 'text/plain' };
}
