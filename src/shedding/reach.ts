import { type Criticality, criticalities } from '../job/criticality.js';

/** How long each class that is not shed will wait, as a part of what it may; zero where nothing waits. */
export type WaitRatios = Readonly<Record<Criticality, number>>;

/** From here on a class gives way for its own sake: some of it is served in time, where otherwise none would be. */
const giveWayFrom = 0.45;
const giveWayWhollyAt = 0.5;

export interface NeedsInput {
  readonly ratios: WaitRatios;
  /** How long they will in a few seconds, if it goes on like this. */
  readonly soon: WaitRatios;
  /** The part that the controller holds. */
  readonly targetRatio: number;
  /** Which part of what arrives is shed. */
  readonly share: number;
}

/**
 * Which classes are in need: their waits grow towards what they may, and those behind them have to give way. Who was in need stays it until
 * the controller is calm, or whoever gave way would come and go with every job. Pure.
 */
export function decideNeeds(
  before: ReadonlySet<Criticality>,
  { ratios, soon, targetRatio, share }: NeedsInput,
): ReadonlySet<Criticality> {
  const stays = share > 0.02;
  return new Set(
    criticalities.filter(
      (each) => Math.max(ratios[each], soon[each]) > 0.5 * targetRatio || (stays && before.has(each)),
    ),
  );
}

/**
 * How much of a class may be cut. A class gives way for those in front of it. For its own sake only `critical` does, and only as far as it
 * takes: a batch that is late is not done sooner by setting parts of it aside.
 */
export function reachInto(criticality: Criticality, needs: ReadonlySet<Criticality>, ratios: WaitRatios): number {
  if (criticality === 'critical_plus') return 0;
  if (criticality === 'critical') {
    const ratio = Math.max(ratios.critical_plus, ratios.critical);
    return Math.min(Math.max((ratio - giveWayFrom) / (giveWayWhollyAt - giveWayFrom), 0), 1);
  }
  return criticalities.slice(0, criticalities.indexOf(criticality)).some((each) => needs.has(each)) ? 1 : 0;
}
