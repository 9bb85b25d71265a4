/** Runs suspects alone, each in a process of its own. */
export interface Lane {
  /** It takes one at a time. */
  readonly state: 'free' | 'busy';
  /** Runs a job that was set aside, if the lane is free; who sent it looks again if not. */
  isolate(suspect: Suspect): void;
  /** Ends what runs there, within its own deadline. */
  stop(): Promise<void>;
}

/** A job that lost its worker again and again, and is to run alone. */
export interface Suspect {
  readonly queue: string;
  readonly jobId: string;
}
