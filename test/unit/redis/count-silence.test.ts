import { expect, it } from 'vitest';
import { countSilence, type Silence } from '../../../src/redis/connection-watch.mjs';

const [stream, another] = [{}, {}];

/** What three looks before have seen. */
const before: Silence = { looks: 3, stream, bytes: 100 };

it.each([
  ['counts a look at which an answer is due and nothing came', { isDue: true, stream, bytes: 100 }, 4],
  ['begins anew when a byte came', { isDue: true, stream, bytes: 101 }, 0],
  ['begins anew when nothing is due', { isDue: false, stream, bytes: 100 }, 0],
  ['begins anew with another connection', { isDue: true, stream: another, bytes: 100 }, 0],
])('%s', (_what, now, looks) => {
  expect(countSilence(before, now)).toEqual({ looks, stream: now.stream, bytes: now.bytes });
});
