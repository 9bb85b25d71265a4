/** What a proof found: one JSON object. Figures of Bulwark and of its peer come from the same run on the same Redis. */
export interface ProofResult {
  readonly proof: string;
  readonly bulwark: Readonly<Record<string, number | string>>;
  /** Plain BullMQ beside it; absent where there is nothing to compare. */
  readonly bullmq?: Readonly<Record<string, number | string>>;
  /** Bulwark over plain BullMQ. */
  readonly ratio?: Readonly<Record<string, number>>;
  /** Jobs that were accepted and are nowhere. */
  readonly lost: number;
  /** What was promised, and whether it held. */
  readonly bounds?: Readonly<Record<string, { readonly limit: number; readonly held: boolean }>>;
}

/** A figure that README or docs may quote, and how it is obtained. */
export interface Proof {
  readonly name: string;
  readonly about: string;
  run(say: (line: string) => void): Promise<ProofResult>;
}
