import { hostname, userInfo } from 'node:os';

/** Who gives commands here, for trails and the audit stream: `ada@host-7`. */
export function operatorName(): string {
  return `${userName()}@${hostname()}`;
}

/** A container may run under a number that no user has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
