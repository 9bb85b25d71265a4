import { defineTakeOrder } from './bulwark.js';
import { handlePoisonous } from './poisonous.js';

/** What a Bulwark worker process is given with `--jobs`. */
export const takeOrder = defineTakeOrder(handlePoisonous);
