import type { MachineFigures } from './machine.js';

/** What was measured of one subject, by name; the unit of each figure stands in docs/performance.md. */
export type Figures = Readonly<Record<string, number | string>>;

/** What was promised of a figure, and whether it held. */
export interface Bound {
  readonly limit: number;
  readonly held: boolean;
}

/** The same work done by Bulwark and by its peers, in the same run on the same Redis. */
export interface Comparison {
  readonly bulwark: Figures;
  /** Plain BullMQ beside it; absent where there is nothing to compare. */
  readonly bullmq?: Figures;
  readonly beeQueue?: Figures;
  /** Bulwark over plain BullMQ. */
  readonly ratio?: Readonly<Record<string, number>>;
  /** How far the rounds lay apart: half of the range over the median, of Bulwark or BullMQ, whichever is worse. 0.05 is ± 5 %. */
  readonly noise?: Readonly<Record<string, number>>;
  /** By figure of Bulwark, or `ratio.<figure>`. */
  readonly bounds?: Readonly<Record<string, Bound>>;
  /** Jobs that were accepted and neither ended nor wait. */
  readonly lost: number;
}

/** One of the situations in which a proof measures. */
export interface Scenario extends Comparison {
  readonly name: string;
}

/** What a proof found: one JSON object. */
export interface ProofResult extends Comparison {
  readonly proof: string;
  readonly machine?: MachineFigures;
  /** Where a proof measures in more than one situation. */
  readonly scenarios?: readonly Scenario[];
}

export interface ProofOptions {
  /** A small part of the work: shows that the proof itself works. Its figures mean nothing, so it promises nothing. */
  readonly quick: boolean;
}

/** A figure that README or docs may quote, and how it is obtained. */
export interface Proof {
  readonly name: string;
  readonly about: string;
  run(say: (line: string) => void, options: ProofOptions): Promise<ProofResult>;
}
