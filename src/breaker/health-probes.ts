import { Cancellation } from '../job/cancellation.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import type { CallGate } from './call-gate.js';
import type { CallGates } from './call-gates.js';

const notYet = (): ErrorVerdict => ({ class: 'transient' });

/** Finds out whether dependencies that name a probe are back, so that no job has to. One probe of each at a time in this worker. */
export class HealthProbes {
  readonly #gates: CallGates;
  readonly #probed = new Map<CallGate, Promise<void>>();
  readonly #cancellation = new Cancellation();

  constructor(gates: CallGates) {
    this.#gates = gates;
  }

  /** Begins to probe what waits for it. */
  look(): void {
    if (this.#cancellation.reason !== undefined) return;
    for (const gate of this.#gates) {
      if (gate.isFree || gate.healthProbe === undefined || this.#probed.has(gate)) continue;
      if (gate.door().kind !== 'probe') continue;
      const probing = this.#findOut(gate, gate.healthProbe).finally(() => this.#probed.delete(gate));
      this.#probed.set(gate, probing);
    }
  }

  /** Aborts what is under way. */
  async stop(): Promise<void> {
    this.#cancellation.abort(new Error('the worker is shutting down'));
    await Promise.all(this.#probed.values());
  }

  /** Probes as long as the answers are good and more are wanted. Never rejects. */
  async #findOut(gate: CallGate, probe: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      while (this.#cancellation.reason === undefined) {
        const door = gate.door();
        if (door.kind !== 'probe') return;
        const entry = await gate.probe(door);
        if (entry.kind === 'refused' || entry.pass.kind === 'free') return;
        const { timeoutMs } = gate.dependency;
        const request = { timeoutMs, cancellation: this.#cancellation, verdictOf: notYet, pass: entry.pass };
        await gate.call({ fn: probe, ...request });
      }
    } catch {
      // What a probe throws means "not yet", and the gate has counted it.
    }
  }
}
