/**
 * Shares the lines of a screen among its parts, which stand in the order of how much they matter: each gets a title and one row while there
 * is room, then all grow by one row in turn. A part that gets nothing is not shown. Pure.
 *
 * @param wants - how many lines each part would like: none, or at least 2.
 */
export function shareLines(room: number, wants: readonly number[]): number[] {
  const shares = wants.map(() => 0);
  let left = room;
  for (const [index, want] of wants.entries()) {
    const first = Math.min(want, 2);
    if (first > left) break;
    shares[index] = first;
    left -= first;
  }
  for (let grew = true; grew && left > 0; ) {
    grew = false;
    for (const [index, want] of wants.entries()) {
      const share = shares[index] ?? 0;
      if (share === 0 || share >= want || left === 0) continue;
      shares[index] = share + 1;
      left -= 1;
      grew = true;
    }
  }
  return shares;
}
