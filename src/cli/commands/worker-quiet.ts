import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareWorkerOrder, giveOrder, type OrderOptions } from '../workers/worker-order-command.js';

export function declareWorkerQuiet(worker: Command, act: Act): void {
  declareWorkerOrder(worker, {
    name: 'quiet',
    summary: 'let workers take no more jobs',
    description:
      'Tells workers on any host to take no more jobs. Running ones go on, and the processes stay: `worker drain` ends them, `worker restart` replaces them by ones that take jobs.',
  }).action(act(quietWorkers));
}

function quietWorkers(cli: Cli, ids: string[], options: OrderOptions): Promise<number> {
  return giveOrder(cli, ids, options, {
    order: { kind: 'quiet' },
    follows: (beat) => beat !== undefined && beat.state !== 'running' && beat.state !== 'blocked',
    done: 'takes no more jobs',
    wanted: 'take no more jobs',
  });
}
