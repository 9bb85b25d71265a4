import { type Criticality, criticalities } from '../job/criticality.js';
import type { ShedReason } from '../job/shed-reason.js';
import { estimateCapacity, isShowingCapacity } from './capacity.js';
import { type ControllerState, calm, defaultParameters, stepController } from './controller.js';
import { decideGates, type Gates } from './gates.js';
import { type ArrivalsByClass, ceilingOf, cutFor, openCut } from './levels.js';
import { isMemoryShort, type Pressure, pressureShare } from './pressure.js';
import { decideNeeds, reachInto, type WaitRatios } from './reach.js';
import { decideReturnRate } from './readmission.js';
import { arrivalsIn, followRush, type Rush } from './rush.js';
import { orderedClass, type ShedOrder } from './shed-order.js';
import { predictWaits, predictWaitsSoon, type QueueLoad, worstWait } from './waits.js';

/** What the leader remembers from one second to the next. */
export interface ControlState {
  readonly controller: ControllerState;
  readonly capacityPerS: number | undefined;
  readonly rush: Rush | undefined;
  readonly needs: ReadonlySet<Criticality>;
  readonly gates: Gates;
  /** Queues whose work was set aside, and is not yet down to what they may wait for. */
  readonly aside: ReadonlySet<string>;
  readonly cut: number;
  readonly memoryShort: readonly Criticality[];
  readonly full: ReadonlySet<string>;
  /** How many parked jobs come back in a second, of the classes of which none gives way. */
  readonly returnPerS: number;
}

export const nothingShed: ControlState = {
  controller: calm,
  capacityPerS: undefined,
  rush: undefined,
  needs: new Set(),
  gates: {},
  aside: new Set(),
  cut: openCut,
  memoryShort: [],
  full: new Set(),
  returnPerS: 0,
};

export interface SeenQueue extends QueueLoad {
  /** What came in a second of late, also what producers refused. */
  readonly arrivalsPerS: number;
  /** The same in the last second. */
  readonly lastArrivalsPerS: number;
  /** What ended in a second, in the last one. */
  readonly lastCompletionsPerS: number;
  /** How many jobs may wait in it; any number when undefined. */
  readonly maxWaiting: number | undefined;
}

export interface ControlInput {
  readonly queues: readonly SeenQueue[];
  readonly pressure: Pressure;
  readonly order: ShedOrder | undefined;
  readonly elapsedS: number;
}

export interface ControlDecision {
  readonly state: ControlState;
  readonly waits: WaitRatios;
  readonly arrivalsPerS: number;
  /** Why something is shed; undefined when nothing is. */
  readonly reason: ShedReason | undefined;
}

/** A smaller move of the cut is left out: every move sends other tenants away. */
const leastMove = 8;

/** One second of overload control: from what is seen of the queues to what is shed. Pure. */
export function decideControl(before: ControlState, input: ControlInput): ControlDecision {
  const { queues, pressure, order, elapsedS } = input;
  const { targetRatio } = defaultParameters;
  const takingPart = queues.filter(({ queue }) => !before.aside.has(queue));
  const arrivals = arrivalsByClass(queues);
  const usualPerS = sum(queues.map((each) => each.arrivalsPerS));
  const latestPerS = sum(queues.map((each) => each.lastArrivalsPerS));
  const rush = followRush(before.rush, { usualPerS, latestPerS, elapsedS });
  const arrivalsPerS = arrivalsIn(rush, usualPerS);
  const completionsPerS = sum(queues.map((each) => each.lastCompletionsPerS));
  const capacityPerS = estimateCapacity(before.capacityPerS, {
    completionsPerS,
    isBusy: isShowingCapacity(sum(takingPart.map(({ waiting }) => waiting)), before.capacityPerS),
    elapsedS,
  });
  // Of a fleet that has not completed anything yet nobody knows how long work will wait.
  const predictable = capacityPerS === undefined ? [] : takingPart;
  const waits = predictWaits(predictable);
  const waitRatio = worstWait(waits);
  const soon = predictWaitsSoon(predictable);

  const pressed = pressureShare(pressure);
  const controller = stepController(before.controller, {
    waitRatio,
    soonRatio: worstWait(soon),
    arrivalsPerS,
    capacityPerS: capacityPerS ?? arrivalsPerS,
    pressureShare: pressed,
    elapsedS,
  });
  const { share } = controller;
  const needs = decideNeeds(before.needs, { ratios: waits, soon, targetRatio, share });
  const reach = (each: Criticality) => (pressed > 0 && isSheddable(each) ? 1 : reachInto(each, needs, waits));
  const cut = steadyCut(before.cut, orderedCut(order, cutFor(share, arrivals, reach)));

  // Who orders that nothing is shed does not wait until it opens by itself.
  const mayShed = order === undefined || orderedClass(order) !== undefined;
  const gates = mayShed ? decideGates(before.gates, { queues, cut, waitRatio, targetRatio, elapsedS }) : {};
  const memoryShort = criticalities.filter((each) =>
    isMemoryShort(each, pressure.memoryRatio, before.memoryShort.includes(each)),
  );
  const state: ControlState = {
    controller,
    capacityPerS,
    rush,
    needs,
    gates,
    aside: asideAfter(before.aside, gates, queues, targetRatio),
    cut,
    memoryShort,
    full: new Set(queues.filter((each) => isFull(each, before.full.has(each.queue))).map(({ queue }) => queue)),
    returnPerS: decideReturnRate(before.returnPerS, {
      share: mayShed ? share : 0,
      waitRatio,
      targetRatio,
      capacityPerS: capacityPerS ?? 0,
      elapsedS,
    }),
  };
  return { state, waits, arrivalsPerS, reason: reasonOf(state, order, pressed) };
}

function reasonOf(
  { cut, memoryShort, full, gates }: ControlState,
  order: ShedOrder | undefined,
  pressed: number,
): ShedReason | undefined {
  if (cut === openCut && Object.keys(gates).length === 0) {
    if (memoryShort.length > 0) return 'memory';
    return full.size > 0 ? 'queue_full' : undefined;
  }
  if (order !== undefined && orderedCut(order, openCut) === cut) return 'operator';
  return pressed > 0 ? 'pressure' : 'overload';
}

function orderedCut(order: ShedOrder | undefined, cut: number): number {
  if (order === undefined) return cut;
  const ordered = orderedClass(order);
  return ordered === undefined ? openCut : Math.max(cut, ceilingOf(ordered));
}

/** A cut that ends at the edge of a class, or ends altogether, is never put off: it opens or shuts queues. */
function steadyCut(before: number, next: number): number {
  const isEdge = next === openCut || criticalities.some((each) => ceilingOf(each) === next);
  return isEdge || Math.abs(next - before) > leastMove ? next : before;
}

/** A queue takes part again when it is open and what has piled up in it can be done in time. */
function asideAfter(
  before: ReadonlySet<string>,
  gates: Gates,
  queues: readonly SeenQueue[],
  targetRatio: number,
): ReadonlySet<string> {
  const isPiledUp = ({ waiting, completionsPerS, sloMs }: SeenQueue) =>
    (1_000 * waiting) / Math.max(completionsPerS, 1) > targetRatio * sloMs;
  const aside = queues.filter((each) => each.queue in gates || (before.has(each.queue) && isPiledUp(each)));
  return new Set(aside.map(({ queue }) => queue));
}

/** A full queue takes new jobs when a tenth of it is done, or it would be full again with the next one. */
function isFull({ waiting, maxWaiting }: SeenQueue, wasFull: boolean): boolean {
  return maxWaiting !== undefined && waiting >= maxWaiting * (wasFull ? 0.9 : 1);
}

function arrivalsByClass(queues: readonly SeenQueue[]): ArrivalsByClass {
  const arrivals: Partial<Record<Criticality, number>> = {};
  for (const { criticality, arrivalsPerS } of queues) {
    arrivals[criticality] = (arrivals[criticality] ?? 0) + arrivalsPerS;
  }
  return arrivals;
}

function isSheddable(criticality: Criticality): boolean {
  return criticality === 'sheddable_plus' || criticality === 'sheddable';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
