/**
 * The controller of overload: how much of what arrives is to be shed, so that the rest waits for about a third of what it may. It acts on
 * the predicted wait and not on the depth of a queue, because what is shed here comes back, and a threshold on depth would swing for ever.
 *
 * Feed-forward takes the part that cannot be served, which is known at once; the proportional and the integral part correct what the
 * estimates got wrong. Pure: one step a second, with everything handed in.
 */

export interface ControllerParameters {
  /** The wait to hold, as a part of the SLO. */
  readonly targetRatio: number;
  /** Gain of the error. A factor of five either way does no harm. */
  readonly proportional: number;
  /** Gain of the error summed up, per second. */
  readonly integral: number;
  /** How fast the share may grow, per second. */
  readonly risePerS: number;
  /** How fast it may fall, per second. Slower leaves capacity idle after a spike, faster swings. */
  readonly fallPerS: number;
  /** The share is never above it: who sheds everything learns nothing of its recovery. */
  readonly highestShare: number;
}

export const defaultParameters: ControllerParameters = {
  targetRatio: 0.33,
  proportional: 0.2,
  integral: 0.02,
  risePerS: 0.15,
  fallPerS: 0.05,
  highestShare: 0.95,
};

/** What the controller remembers from one step to the next. */
export interface ControllerState {
  /** Which part of what arrives is shed, from 0 to 1. */
  readonly share: number;
  readonly integral: number;
  /** Whether a queue was seen to grow too long, and more has arrived than can be done ever since. */
  readonly isAlert: boolean;
  /** Whether one grew too long in the last step. */
  readonly isGrowing: boolean;
}

export const calm: ControllerState = { share: 0, integral: 0, isAlert: false, isGrowing: false };

export interface ControllerInput {
  /** How long work that is not shed will wait, as a part of what it may. */
  readonly waitRatio: number;
  /** How long it will in a few seconds, if it goes on like this. */
  readonly soonRatio: number;
  /** What arrives in a second, also what is shed or refused. */
  readonly arrivalsPerS: number;
  /** What could be completed in a second. */
  readonly capacityPerS: number;
  /** A share that Redis or the workers ask for, whatever the waits are. */
  readonly pressureShare: number;
  /** How long the last step is ago. */
  readonly elapsedS: number;
}

const integralBounds = [-0.3, 0.95] as const;
const errorBounds = [-1, 2] as const;
/** What is left of the integral in each second in which it could do nothing more. */
const leakPerS = 0.95;

/** One step of the controller. */
export function stepController(
  state: ControllerState,
  input: ControllerInput,
  parameters: ControllerParameters = defaultParameters,
): ControllerState {
  const { targetRatio, proportional, integral: gain, risePerS, fallPerS, highestShare } = parameters;
  const { waitRatio, soonRatio, arrivalsPerS, capacityPerS, pressureShare, elapsedS } = input;
  const error = clamp(waitRatio - targetRatio, ...errorBounds);
  const excess = arrivalsPerS > 0 ? Math.max(0, 1 - capacityPerS / arrivalsPerS) : 0;
  // A short queue in front of what cannot keep up is no overload yet, unless it is about to be a long one. Who is alert stays it: growth ends
  // as soon as something is shed.
  const longRatio = 0.5 * targetRatio;
  // What grows for a second may be one call of a producer.
  const isGrowing = soonRatio > longRatio;
  const isAlert = excess > 0 && (state.isAlert || (isGrowing && state.isGrowing));
  const feedForward = isAlert || waitRatio > longRatio ? excess : 0;
  // Waits that are short because of the alert say nothing against it.
  const told = isAlert && waitRatio <= longRatio ? Math.max(error, 0) : error;
  const summed = clamp(state.integral + gain * told * elapsedS, ...integralBounds);
  const raw = feedForward + proportional * error + summed;

  // What cannot be acted upon must not be summed up: it would be acted upon long after it is over.
  const isSaturated = (raw > highestShare && error > 0) || (raw < 0 && error < 0);
  const integral = isSaturated ? leakPerS ** elapsedS * state.integral : summed;
  const wanted = Math.max(clamp(raw, 0, highestShare), pressureShare);
  const share = state.share + clamp(wanted - state.share, -fallPerS * elapsedS, risePerS * elapsedS);
  return { share: clamp(share, 0, highestShare), integral, isAlert, isGrowing };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
