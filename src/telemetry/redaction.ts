/** What stands where a secret was. */
const redacted = '[redacted]';

/** The words of the usual names of fields that hold secrets. */
const secretWords = [
  'authorization',
  'proxy authorization',
  'cookie',
  'set cookie',
  'password',
  'passwd',
  'token',
  'access token',
  'refresh token',
  'secret',
  'client secret',
  'webhook secret',
  'api key',
  'x api key',
] as const;

/** Every way to join the words, so that a field costs one look-up: `apikey`, `api_key`, `api-key`. */
const secretNames = new Set<string>(
  secretWords.flatMap((words) => ['', '_', '-'].map((joint) => words.replaceAll(' ', joint))),
);
const urlNames = new Set(['url', 'redisurl']);

/** Whether a field of this name holds a secret, whatever its case. */
export function isSecretName(name: string): boolean {
  return secretNames.has(name.toLowerCase());
}

type Fields = Record<string, unknown>;

/**
 * Hides secrets in the fields of a log line, at the top and one level down, whatever the case of their names; URLs keep
 * everything but their password. The given object is not changed, and copied only when there is something to hide.
 *
 * Two levels by hand instead of wildcard paths of the logger, which cost four times as much a line; what lies deeper must
 * not be logged at all.
 */
export function withoutSecrets(fields: Fields): Fields {
  return hideIn(fields, (value) => (isPlainObject(value) ? hideIn(value, (deeper) => deeper) : value));
}

function hideIn(fields: Fields, otherwise: (value: unknown) => unknown): Fields {
  let copy: Fields | undefined;
  for (const name of Object.keys(fields)) {
    const shown = showField(name.toLowerCase(), fields[name], otherwise);
    if (shown === fields[name]) continue;
    copy ??= { ...fields };
    copy[name] = shown;
  }
  return copy ?? fields;
}

function showField(name: string, value: unknown, otherwise: (value: unknown) => unknown): unknown {
  if (secretNames.has(name)) return redacted;
  if (!urlNames.has(name)) return otherwise(value);
  if (value instanceof URL) return withoutUrlPasswords(value.href);
  return typeof value === 'string' ? withoutUrlPasswords(value) : value;
}

function isPlainObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const urlPassword = /([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,200}):[^\s/@]{1,200}@/gi;

/** Blanks the password of every URL in a text: `redis://user:[redacted]@host`. */
export function withoutUrlPasswords(text: string): string {
  return text.replace(urlPassword, `$1:${redacted}@`);
}
