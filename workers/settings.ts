import { BulwarkError } from 'bulwark';
import { z } from 'zod';

/**
 * Settings of the shipped kinds of work. They come from the environment of the worker, are read once when the kind is
 * loaded, and a mistake stops the worker there instead of failing its jobs one by one.
 */

/** Thrown when the environment holds a setting that cannot be used. Names every fault, and no value: some are secrets. */
export class SettingsError extends BulwarkError {
  readonly code = 'BULWARK_CONFIG_INVALID';
  readonly retryable = false;

  constructor(faults: readonly string[]) {
    super(
      `the environment holds settings that cannot be used; docs/kinds.md lists them all\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
      { details: { faults } },
    );
  }
}

const secretPattern = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

const secret = z.string().refine(
  (value) => {
    const bytes = Buffer.from(secretPattern.exec(value)?.[1] ?? '', 'base64').length;
    return bytes >= 24 && bytes <= 64;
  },
  { error: "must be 'whsec_' and 24 to 64 bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)" },
);

/** While a secret is being replaced there are two: the receiver accepts a signature by either. */
const secretOrRotation = z.union([secret.transform((value) => [value]), z.array(secret).min(1).max(4)], {
  error: "must be a secret such as 'whsec_…', or a list of up to four while one replaces another",
});

const webhookEnvironment = z.object({
  WEBHOOK_SECRET: secretOrRotation.optional(),
  WEBHOOK_SECRETS: jsonText(z.record(z.string().regex(/^[\w.-]{1,64}$/), secretOrRotation)).optional(),
  WEBHOOK_ALLOW_UNSIGNED: z.stringbool().default(false),
  WEBHOOK_ALLOW_HTTP: z.stringbool().default(false),
  WEBHOOK_ALLOW_PRIVATE: z.stringbool().default(false),
});

/** Settings of `webhook-deliver`. */
export interface WebhookSettings {
  /** Signing secrets by the name that jobs give as `secretRef`; each a list, newest first. `default` signs jobs that name none. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  /** Whether a job that names no secret may go out unsigned when there is no default one. */
  readonly allowUnsigned: boolean;
  /** Whether plain http may be called. */
  readonly allowHttp: boolean;
  /** Whether private addresses may be called. */
  readonly allowPrivate: boolean;
}

/** @throws SettingsError when a WEBHOOK_… variable cannot be used. */
export function readWebhookSettings(environment: NodeJS.ProcessEnv = process.env): WebhookSettings {
  const read = readEnvironment(webhookEnvironment, environment);
  return {
    secrets: new Map(
      Object.entries({ ...(read.WEBHOOK_SECRET && { default: read.WEBHOOK_SECRET }), ...read.WEBHOOK_SECRETS }),
    ),
    allowUnsigned: read.WEBHOOK_ALLOW_UNSIGNED,
    allowHttp: read.WEBHOOK_ALLOW_HTTP,
    allowPrivate: read.WEBHOOK_ALLOW_PRIVATE,
  };
}

const digestEnvironment = z
  .object({
    DIGEST_ROOT: z.string().default('.'),
    DIGEST_OUTPUT_DIR: z.string().default('.bulwark/documents'),
    DIGEST_MAX_BYTES: z.coerce
      .number()
      .int()
      .min(1)
      .max(1024 ** 3)
      .default(20 * 1024 ** 2),
    DIGEST_ALLOW_PRIVATE: z.stringbool().default(false),
    DIGEST_LLM_URL: z.url({ protocol: /^https?$/ }).optional(),
    DIGEST_LLM_MODEL: z.string().optional(),
    DIGEST_LLM_API_KEY: z.string().optional(),
  })
  .refine((read) => (read.DIGEST_LLM_URL === undefined) === (read.DIGEST_LLM_MODEL === undefined), {
    path: ['DIGEST_LLM_MODEL'],
    error: 'DIGEST_LLM_URL and DIGEST_LLM_MODEL go together: set both, or neither',
  });

/** Where summaries are written by a language model: any endpoint that speaks OpenAI's chat completions. */
export interface ModelSettings {
  /** Up to and including the version, e.g. `http://localhost:11434/v1`. */
  readonly url: string;
  readonly model: string;
  readonly apiKey: string | undefined;
}

/** Settings of `document-digest`. */
export interface DigestSettings {
  /** Paths of jobs start here, and none leads outside. */
  readonly root: string;
  /** Where digests are stored. */
  readonly outputDir: string;
  /** Largest document that is read, in bytes. */
  readonly maxBytes: number;
  /** Whether documents may be fetched from private addresses. */
  readonly allowPrivate: boolean;
  /** Undefined: summaries are made of the document's own sentences. */
  readonly model: ModelSettings | undefined;
}

/** @throws SettingsError when a DIGEST_… variable cannot be used. */
export function readDigestSettings(environment: NodeJS.ProcessEnv = process.env): DigestSettings {
  const read = readEnvironment(digestEnvironment, environment);
  return {
    root: read.DIGEST_ROOT,
    outputDir: read.DIGEST_OUTPUT_DIR,
    maxBytes: read.DIGEST_MAX_BYTES,
    allowPrivate: read.DIGEST_ALLOW_PRIVATE,
    model:
      read.DIGEST_LLM_URL !== undefined && read.DIGEST_LLM_MODEL !== undefined
        ? { url: read.DIGEST_LLM_URL, model: read.DIGEST_LLM_MODEL, apiKey: read.DIGEST_LLM_API_KEY }
        : undefined,
  };
}

/** An empty variable counts as not set: that is how compose files pass on what the host does not define. */
function readEnvironment<S extends z.ZodType>(schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const read = schema.safeParse(set);
  if (read.success) return read.data;
  throw new SettingsError(read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
}

/** JSON inside a variable. The parser's own message would quote the text, so it is not repeated. */
function jsonText<S extends z.ZodType>(schema: S): z.ZodPipe<z.ZodTransform<unknown, string>, S> {
  return z
    .transform((text: string, ctx) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        ctx.issues.push({ code: 'custom', message: 'must be JSON', input: undefined });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
