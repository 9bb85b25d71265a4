/** What a worker or supervisor tells once it runs: to its keeper, or with `--json` to whoever started it. */
export interface ReadyReport {
  readonly role: 'worker' | 'supervisor';
  readonly id: string;
  readonly pid: number;
  /** Where it serves /metrics, /livez and /readyz; null when it does not. */
  readonly http: string | null;
  /** The kinds it runs and the queues they live in; empty for a supervisor. */
  readonly kinds: readonly { readonly kind: string; readonly queue: string }[];
}
