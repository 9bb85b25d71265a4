import type { Identity } from './identity.js';

/** What the ledger said when a job claimed its key. */
export type ClaimVerdict =
  /** Nobody has done it, and nobody else is at it. */
  | { readonly kind: 'new' }
  /** Another job of the same key runs now. */
  | { readonly kind: 'busy' }
  /** The key was given to another payload. */
  | { readonly kind: 'mismatch' }
  /** It is done: this was the result. */
  | { readonly kind: 'committed'; readonly resultJson: string }
  /** It failed for good: this was the error. */
  | { readonly kind: 'failed'; readonly failureJson: string };

/** A key that a job has claimed. */
export interface Claim {
  readonly identity: Identity;
  /** Grows with every claim of the key, as long as the ledger keeps it. */
  readonly fence: number;
  readonly verdict: ClaimVerdict;
}

const claimText = /^([nbmcf])\n([^\n]*\n[^\n]*)\n(\d+)\n(.*)$/s;

/** What whoever has the key says with the end of the job: identity and fence. Undefined when another has it, or had it. */
export function wonKey(claim: Claim | undefined): string | undefined {
  return claim?.verdict.kind === 'new' ? `${claim.identity}\n${claim.fence}` : undefined;
}

/**
 * Reads a claim as claim-key.lua writes it: the identity alone when the job has the key by its id.
 *
 * @param starts - how often the job was started.
 * @throws TypeError when it is none.
 */
export function parseClaim(text: string, starts: number): Claim {
  if (text[1] !== '\n') return { identity: text as Identity, fence: starts, verdict: { kind: 'new' } };
  const [, letter, identity = '', fence, body = ''] = claimText.exec(text) ?? [];
  return { identity: identity as Identity, fence: Number(fence), verdict: verdictOf(letter, body) };
}

function verdictOf(letter: string | undefined, body: string): ClaimVerdict {
  switch (letter) {
    case 'n':
      return { kind: 'new' };
    case 'b':
      return { kind: 'busy' };
    case 'm':
      return { kind: 'mismatch' };
    case 'c':
      return { kind: 'committed', resultJson: body };
    case 'f':
      return { kind: 'failed', failureJson: body };
    default:
      throw new TypeError('that is no claim of the ledger');
  }
}
