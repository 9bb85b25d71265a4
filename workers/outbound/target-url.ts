import { PermanentError } from 'bulwark';

/** Says whether a URL is free of a user name and password; those belong into settings, not into jobs or logs. */
export function hasNoCredentials(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

/**
 * Reads a URL that is about to be called.
 *
 * @throws PermanentError when it is no URL, its scheme is not among the allowed ones, or it carries credentials. The message
 * names the host alone: paths and queries often hold secrets.
 */
export function parseTargetUrl(url: string, schemes: readonly string[]): URL {
  if (!URL.canParse(url)) throw new PermanentError('the target is not a URL');
  const target = new URL(url);
  if (!schemes.includes(target.protocol.slice(0, -1))) {
    throw new PermanentError(
      `${target.protocol}//${target.host} cannot be called: the scheme must be ${schemes.join(' or ')}`,
    );
  }
  if (!hasNoCredentials(url)) throw new PermanentError(`the URL of ${target.host} carries credentials; remove them`);
  return target;
}
