import { createHash } from 'node:crypto';
import { configure } from 'safe-stable-stringify';

/** Whose key it is, and for what: keys of different kinds or tenants never meet. */
export interface KeyScope {
  readonly kind: string;
  readonly tenant: string | undefined;
  readonly key: string;
}

const digestCharacters = 32;
const fingerprintCharacters = 16;

/** The digest of a key: the same for the same kind, tenant and key, and no secret of the key in it. It is the job's id, too. */
export function keyDigest({ kind, tenant, key }: KeyScope): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, tenant ?? null, key]))
    .digest('hex')
    .slice(0, digestCharacters);
}

/** Equal payloads give equal text, in whatever order their fields were written. */
const canonicalJson = configure({ deterministic: true });

/**
 * What tells payloads under one key apart: the version, a dot, and a hash of the payload with its fields in order. Of two versions
 * nobody can say whether they mean the same, so only fingerprints of one version contradict each other.
 */
export function payloadFingerprint(version: number, payload: unknown): string {
  const hash = createHash('sha256')
    .update(canonicalJson(payload) ?? 'null')
    .digest('base64url');
  return `${version}.${hash.slice(0, fingerprintCharacters)}`;
}
