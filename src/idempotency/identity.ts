import { createHash } from 'node:crypto';
import { configure } from 'safe-stable-stringify';

/** Whose key it is, and for what: keys of different kinds or tenants never meet. */
export interface KeyScope {
  readonly kind: string;
  readonly tenant: string | undefined;
  readonly key: string;
}

/**
 * What a job says of its key in the effect ledger, as it lies in the job's hash (field `bwi`): the key's digest and the fingerprint of
 * the payload, a line each.
 */
export type Identity = string & { readonly __identity: never };

const digestCharacters = 32;

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
  return `${version}.${hash.slice(0, 22)}`;
}

/** The digest of the key that an identity stands for. */
export function digestOf(identity: Identity): string {
  return identity.slice(0, digestCharacters);
}

export function identityOf(digest: string, fingerprint: string): Identity {
  return `${digest}\n${fingerprint}` as Identity;
}
