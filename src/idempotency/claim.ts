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
  readonly digest: string;
  readonly fingerprint: string;
  /** Grows with every claim of the key, as long as the ledger keeps it. */
  readonly fence: number;
  readonly verdict: ClaimVerdict;
}

/** A job that was started: what its claim is read for, and written by. */
export interface StartedJob {
  readonly id: string;
  readonly starts: number;
}

const claimText = /^([nbmcf])\n([^\n]*)\n([^\n]*)\n(\d+)\n(.*)$/s;

/**
 * Reads a claim as claim-key.lua writes it: the fingerprint alone when the job has the key by its id.
 *
 * @throws TypeError when it is none.
 */
export function parseClaim(text: string, { id, starts }: StartedJob): Claim {
  if (!text.includes('\n')) return { digest: id, fingerprint: text, fence: starts, verdict: { kind: 'new' } };
  const [, letter, digest = '', fingerprint = '', fence, body = ''] = claimText.exec(text) ?? [];
  return { digest, fingerprint, fence: Number(fence), verdict: verdictOf(letter, body) };
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

/** What became of a key: its work is committed, failed for good, or open to whoever comes next. */
export type KeyState = 'committed' | 'failed' | 'open';

const stateLetters: Readonly<Record<KeyState, string>> = { committed: 'c', failed: 'f', open: 'r' };

/**
 * What a run says of the key that it has won, as ledger.lua wants it: a record without its last line. Empty for a run that has not: one
 * that only repeats what another had to say has nothing to say itself.
 */
export function wonKey(state: KeyState, id: string, claim: Claim | undefined): string {
  if (claim?.verdict.kind !== 'new') return '';
  const { digest, fingerprint, fence } = claim;
  const head = `${stateLetters[state]}\n${fingerprint}\n${fence}\n`;
  return digest === id ? `${head}\n\n` : `${digest}${head}\n${id}\n`;
}
