import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareWorkerOrder, giveOrder, type OrderOptions } from '../workers/worker-order-command.js';

export function declareWorkerRestart(worker: Command, act: Act): void {
  declareWorkerOrder(worker, {
    name: 'restart',
    summary: 'replace workers, one after another',
    description:
      'Replaces workers on any host, one after another, each when the one before it has given way: its keeper starts another process and ' +
      'lets the old one drain when that is ready; without a keeper it drains and ends, and its orchestrator starts another.',
  }).action(act(restartWorkers));
}

function restartWorkers(cli: Cli, ids: string[], options: OrderOptions): Promise<number> {
  return giveOrder(cli, ids, options, {
    order: { kind: 'restart' },
    follows: (beat) => beat === undefined || beat.state === 'draining',
    done: 'gave way to another, or drains',
    wanted: 'give way to another process',
  });
}
