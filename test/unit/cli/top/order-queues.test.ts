import { expect, it } from 'vitest';
import { orderQueues } from '../../../../src/cli/top/order-queues.js';
import type { QueueOrder } from '../../../../src/cli/top/view-state.js';
import { topQueue } from '../../../support/pool-picture.js';

const queues = [
  topQueue({ queue: 'b-idle' }),
  topQueue({ queue: 'a-cheap', criticality: 'sheddable', jobs: { waiting: 5, prioritized: 4 }, oldestAgeMs: 1 }),
  topQueue({ queue: 'c-late', criticality: 'sheddable', jobs: { waiting: 2 }, oldestAgeMs: 31_000 }),
  topQueue({ queue: 'd-close', jobs: { waiting: 1 }, oldestAgeMs: 20_000, rates: { inPerSecond: 0, outPerSecond: 9 } }),
  topQueue({ queue: 'e-new', rates: null }),
];

it.each<[QueueOrder, string]>([
  ['urgent', 'c-late d-close b-idle e-new a-cheap'],
  ['name', 'a-cheap b-idle c-late d-close e-new'],
  ['waiting', 'a-cheap c-late d-close b-idle e-new'],
  ['rate', 'd-close b-idle e-new a-cheap c-late'],
])('by %s they stand as %s', (order, names) => {
  expect(
    orderQueues(queues, order, '')
      .map(({ queue }) => queue)
      .join(' '),
  ).toBe(names);
});

it('shows only those whose name holds a text, whatever its case', () => {
  expect(orderQueues(queues, 'name', 'LATE').map(({ queue }) => queue)).toEqual(['c-late']);
});
