import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareWorkerOrder, giveOrder, type OrderOptions } from '../workers/worker-order-command.js';

export function declareWorkerDrain(worker: Command, act: Act): void {
  declareWorkerOrder(worker, {
    name: 'drain',
    summary: 'let workers finish what they run, and end',
    description:
      'Tells workers on any host to take no more jobs, finish what they run, give back what does not end in time, and end. ' +
      'A keeper does not start them again; an orchestrator may. Returns when they have begun; `worker ls` shows who is left.',
  }).action(act(drainWorkers));
}

function drainWorkers(cli: Cli, ids: string[], options: OrderOptions): Promise<number> {
  return giveOrder(cli, ids, options, {
    order: { kind: 'drain' },
    follows: (beat) => beat === undefined || beat.state === 'draining',
    done: 'drains, or has ended',
    wanted: 'drain and end',
  });
}
