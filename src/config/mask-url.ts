/** A password and all that could be one: from the first colon of the user part to the last `@`. */
const userPart = /^([a-z][a-z0-9+.-]*:\/\/[^:@]*):.+@/is;

/** The same in a text that only resembles an address: a mistyped scheme must not bring the password into the log. */
const looseUserPart = /^([^:@]*):.+@/s;

const passwordParameter = /([?&][^=&]*password=)[^&]*/gi;

/**
 * Hides the password of an address: `redis://app:secret@host` becomes `redis://app:***@host`.
 *
 * Works on any text, also on what is no valid address, because faulty ones are what error messages quote. In doubt it
 * hides too much.
 */
export function maskUrl(url: string): string {
  const pattern = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? userPart : looseUserPart;
  return url.replace(pattern, '$1:***@').replace(passwordParameter, '$1***');
}
