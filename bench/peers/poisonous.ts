import { setTimeout as sleep } from 'node:timers/promises';
import { firstNumber, type Order } from './order.js';

/** Which order is poison, counted from 0. */
export const poisonNumber = 50;
/** Long enough for its neighbours to be there when their process goes. */
const jobMs = 100;

/** Does an order in a tenth of a second; the poison takes its process down half-way, as a fault in a native addon would. */
export async function handlePoisonous({ number }: Order): Promise<void> {
  await sleep(jobMs / 2);
  if (number === firstNumber + poisonNumber) process.kill(process.pid, 'SIGSEGV');
  await sleep(jobMs / 2);
}
