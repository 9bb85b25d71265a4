import { z } from 'zod';
import { hasNoCredentials } from '../outbound/target-url.js';

/** Largest body of a message, as JSON. Receivers commonly refuse more; larger things belong behind a link. */
const maxBodyBytes = 256 * 1024;

const body = z.unknown().superRefine((value, ctx) => {
  if (value === undefined) ctx.addIssue('is missing; null is fine when there is nothing to say');
  else if (jsonBytes(value) > maxBodyBytes) ctx.addIssue('must be writable as JSON in at most 256 KiB');
});

/** What `webhook-deliver` is to deliver, and where. */
export const webhookPayload = z.strictObject({
  /** The endpoint. Credentials in it are refused: sign with a secret instead. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .refine(hasNoCredentials, { error: 'must not carry credentials' }),
  /** Type of the event, words joined by dots: `invoice.paid`. */
  event: z
    .string()
    .regex(/^\w+(?:[.-]\w+)*$/)
    .max(128),
  /** What happened: any JSON; it is delivered as `data`. */
  body,
  /** Id of the message, sent as `webhook-id` so that the receiver can tell a repetition. Default: one made from the job. */
  id: z
    .string()
    .regex(/^[\w-]{1,128}$/, { error: "must be 1 to 128 letters, digits, '_' or '-'" })
    .optional(),
  /** Further headers, `x-…` only: all others have a meaning that HTTP or the signature relies on, or hold secrets. */
  headers: z
    .record(
      z.string().regex(/^x-[a-z0-9-]{1,62}$/i),
      z.string().regex(/^[\x20-\x7e]{0,1024}$/, { error: 'must be at most 1024 printable ASCII characters' }),
      { error: (issue) => (issue.code === 'invalid_key' ? "must have a name that starts with 'x-'" : undefined) },
    )
    .refine((headers) => Object.keys(headers).length <= 16, { error: 'must be at most 16' })
    .optional(),
  /** Name of the secret to sign with, as the worker's settings know it. Default: `default`. */
  secretRef: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional(),
});

export type WebhookPayload = z.output<typeof webhookPayload>;

/** Infinity for what JSON cannot say: a cycle, a bigint, nesting deeper than the stack. */
function jsonBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
