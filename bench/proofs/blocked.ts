import type { Subject } from '../peers/subject.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Proof, ProofResult } from '../proof.js';
import { type Blocked, countSecondRuns } from '../runs/block.js';
import { atMost } from '../runs/bounds.js';

const blockMs = 60_000;
const quickBlockMs = 1_000;
const patienceMs = 5_000;

/** Whether a job that computes for a minute without letting its event loop turn is taken away from its worker and run again. */
export const blocked: Proof = {
  name: 'blocked',
  about: 'how often a job that blocks its event loop for a minute is run again meanwhile (1 min)',
  run: async (say, { quick }): Promise<ProofResult> => {
    const plan = { blockMs: quick ? quickBlockMs : blockMs, patienceMs: quick ? 1_000 : patienceMs };
    const measure = (subject: Subject): Promise<Blocked> =>
      withPrivateRedis(({ url }) => countSecondRuns(subject, plan, url));
    say(`one job holds up its loop for ${plan.blockMs / 1_000} s, with Bulwark and with plain BullMQ …`);
    // Side by side: each has a Redis of its own, and each keeps one core busy.
    const [ours, theirs] = await Promise.all([measure('bulwark'), measure('bullmq')]);
    return {
      proof: 'blocked',
      bulwark: { secondRuns: ours.secondRuns },
      bullmq: { secondRuns: theirs.secondRuns },
      bounds: { secondRuns: atMost(0, ours.secondRuns) },
      lost: ours.lost,
    };
  },
};
