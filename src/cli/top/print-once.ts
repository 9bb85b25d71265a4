import { pause } from '../../time/clock.js';
import type { Output } from '../output.js';
import type { PoolPicture } from './picture.js';
import { renderFrame } from './render-frame.js';
import { openingView } from './view-state.js';

/** Wide enough for every column; who pipes it cuts it. */
const widthWithoutTerminal = 160;

/** Prints one frame, or one document. It takes two looks to say how fast jobs come and go. */
export async function printOnce(
  read: () => Promise<PoolPicture>,
  everyMs: number,
  output: Output,
  columns: number | undefined,
): Promise<void> {
  await read();
  await pause(everyMs);
  const picture = await read();
  const size = { columns: columns ?? widthWithoutTerminal };
  output.answer(picture, () =>
    renderFrame({ picture, view: openingView, size, live: false }, output.paint)
      .map(({ text }) => text)
      .join('\n'),
  );
}
