/** Why a worker is to end. `drain`: for good. `replace`: another one takes its place. */
export interface Retirement {
  readonly kind: 'drain' | 'replace';
  readonly reason: string;
}
