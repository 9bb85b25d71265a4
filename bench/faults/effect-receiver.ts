import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EffectCall } from '../peers/effect-job.js';

/** What a receiver saw of one effect of one job. */
interface Effect {
  calls: number;
  readonly keys: Set<string>;
}

export interface EffectCounts {
  /** Effects that a receiver applies which honours keys: one per key. */
  readonly byKey: number;
  /** Those that one applies which does not: one per call. */
  readonly byCall: number;
}

/** Somebody outside whom jobs call: it takes its time, and counts. */
export class EffectReceiver {
  readonly #server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    // Half of the time passes before the effect, half after it: a caller may die in either.
    await sleep(10 * Math.random());
    this.#apply(JSON.parse(body) as EffectCall);
    await sleep(10 * Math.random());
    response.end('ok');
  });
  readonly #effects = new Map<string, Effect>();
  readonly #fences = new Map<number, number>();
  /** Calls with a fence below one that it had seen of the same job. */
  staleCalls = 0;
  url = '';

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The sums over the named effects of a job. */
  countsOf(number: number, names: readonly string[]): EffectCounts {
    const effects = names.map((name) => this.#effects.get(`${number} ${name}`));
    return {
      byKey: effects.reduce((sum, effect) => sum + (effect?.keys.size ?? 0), 0),
      byCall: effects.reduce((sum, effect) => sum + (effect?.calls ?? 0), 0),
    };
  }

  #apply({ number, name, key, fence }: EffectCall): void {
    const highest = this.#fences.get(number) ?? 0;
    if (fence < highest) this.staleCalls += 1;
    this.#fences.set(number, Math.max(fence, highest));
    const effect = this.#effects.get(`${number} ${name}`) ?? { calls: 0, keys: new Set() };
    effect.calls += 1;
    effect.keys.add(key);
    this.#effects.set(`${number} ${name}`, effect);
  }
}
