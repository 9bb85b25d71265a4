import type { DoneStep, SaveReply, StepOwner } from '../../src/idempotency/step-store.js';

/** Remembers the steps of one job as the job's hash would, for whoever holds the lease. */
export class StepMemory {
  steps: DoneStep[];
  /** The token that holds the lease; undefined lets everybody save. */
  holder: string | undefined;
  loads = 0;

  constructor(steps: readonly DoneStep[] = []) {
    this.steps = [...steps];
  }

  get names(): string[] {
    return this.steps.map(({ entry }) => entry.name);
  }

  async load(): Promise<DoneStep[]> {
    this.loads += 1;
    return [...this.steps];
  }

  async save({ token }: StepOwner, step: DoneStep): Promise<SaveReply> {
    if (this.holder !== undefined && this.holder !== token) return 'lease_lost';
    if (!this.names.includes(step.entry.name)) this.steps.push(step);
    return 'remembered';
  }
}
