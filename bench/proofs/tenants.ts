import { median, rounded } from '../figures.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { shareQueue, type TenantFigures, type TenantPlan } from '../runs/tenants.js';
import { measureTurns, type TurnCost } from '../runs/turn-cost.js';

/** Ten slots do 400 calls a second at most: the tenants ask for two thirds of that, and the flood for three times all of it. */
const plan: TenantPlan = {
  tenants: 10,
  perS: 26,
  times: 50,
  callMs: 25,
  warmS: 2,
  calmS: 9,
  floodS: 6,
  rounds: 4,
  patienceS: 60,
};
const costRounds = 3;
const costJobs = 15_000;
const mostSlower = 2;

/** One tenant sends fifty times as much as each of the others: how much longer those wait. */
export const tenants: Proof = {
  name: 'tenants',
  about: 'one tenant floods a queue of ten: how long the others wait, and what turns cost (2 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const asked = quick ? { ...plan, perS: 10, times: 10, warmS: 1, calmS: 1, floodS: 1, rounds: 2 } : plan;
    say(`${asked.tenants} tenants of ${asked.perS} jobs/s, then one of them ${asked.times} times that …`);
    const share = (rival: 'turns' | 'bullmq', rounds: number) =>
      withPrivateRedis(({ url }) => shareQueue(rival, { ...asked, rounds }, url));
    // One after the other: what is compared are milliseconds, and a flood takes a third of a processor to enqueue.
    const ours = await share('turns', asked.rounds);
    const theirs = await share('bullmq', 1);
    const cost = await compareCost(quick ? 1 : costRounds, quick ? 600 : costJobs, say);
    const bulwark = figuresOf(ours);
    return {
      proof: 'tenants',
      bulwark: { ...bulwark, ...cost },
      bullmq: figuresOf(theirs),
      ...(!quick && {
        bounds: {
          slower: atMost(mostSlower, bulwark.slower),
          // One slow moment in a calm part would hide a flood that is too slow.
          slowerMiddle: atMost(mostSlower, bulwark.slowerMiddle),
          leftOver: atMost(0, ours.leftOver),
        },
      }),
      lost: ours.lost,
    };
  },
};

function figuresOf({ calmP99Ms, floodP99Ms, floodP50Ms, slowerByRound, done, refused, leftOver, lost }: TenantFigures) {
  return {
    calmP99Ms: rounded(calmP99Ms),
    floodP99Ms: rounded(floodP99Ms),
    slower: rounded(floodP99Ms / calmP99Ms),
    floodP50Ms: rounded(floodP50Ms),
    slowerByRound: slowerByRound.map(rounded).join(' '),
    slowerMiddle: rounded(median(slowerByRound)),
    done,
    refused,
    leftOver,
    lost,
  };
}

/** The same queue with turns and without, in turn, so that whatever else happens on the machine happens to both. */
async function compareCost(times: number, jobs: number, say: (line: string) => void) {
  const ratios: TurnCost[] = [];
  for (let round = 1; round <= times; round++) {
    const without = await measureTurns('in-order', jobs);
    const withTurns = await measureTurns('turns', jobs);
    ratios.push({
      enqueuedPerS: withTurns.enqueuedPerS / without.enqueuedPerS,
      donePerS: withTurns.donePerS / without.donePerS,
    });
    say(`round ${round}: ${rounded(withTurns.donePerS)} jobs/s with turns, ${rounded(without.donePerS)} without`);
  }
  return {
    throughputWithTurns: rounded(median(ratios.map(({ donePerS }) => donePerS))),
    enqueueWithTurns: rounded(median(ratios.map(({ enqueuedPerS }) => enqueuedPerS))),
  };
}
