import { percentile, rounded } from '../figures.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { measureTakeovers, type Parting } from '../runs/leaders.js';

const kills = 20;
const resignations = 10;
const mostMs = 3_000;

/** How long nobody repairs anything after a leader was killed, or has resigned. */
export const leader: Proof = {
  name: 'leader',
  about: `from the SIGKILL of the leader to the first sweep of the next one, ${kills} times (2 min)`,
  run: (say, { quick }) =>
    withPrivateRedis(async ({ url }): Promise<ProofResult> => {
      const times = (parting: Parting, count: number): Promise<number[]> =>
        measureTakeovers(url, new Array<Parting>(quick ? 1 : count).fill(parting), say);
      const [killed, resigned] = [await times('SIGKILL', kills), await times('SIGTERM', resignations)];
      const maxMs = rounded(Math.max(...killed));
      return {
        proof: 'leader',
        bulwark: {
          takeovers: killed.length,
          p50Ms: rounded(percentile(killed, 0.5)),
          maxMs,
          resignedP50Ms: rounded(percentile(resigned, 0.5)),
          resignedMaxMs: rounded(Math.max(...resigned)),
        },
        ...(!quick && { bounds: { maxMs: atMost(mostMs, maxMs) } }),
        lost: 0,
      };
    }),
};
