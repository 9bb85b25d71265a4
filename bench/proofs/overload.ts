import type { Proof } from '../proof.js';
import { proveIncident } from '../runs/overload-result.js';

const capacityPerS = 100;
const calls = { callMs: 100, incidentCallMs: 100 };

/** Three times as much work as can be done, for a minute: whether critical work stays on time, and the rest is done or given up afterwards. */
export const overload: Proof = {
  name: 'overload',
  about: 'three times the capacity for a minute: how long critical work waits, and what becomes of the rest (4 min)',
  run: (say, { quick }) => {
    const plan = quick
      ? { warmS: 2, warmPerS: 50, incidentS: 6, incidentPerS: 3 * capacityPerS, patienceS: 5, ...calls }
      : {
          warmS: 15,
          warmPerS: 0.9 * capacityPerS,
          incidentS: 60,
          incidentPerS: 3 * capacityPerS,
          patienceS: 180,
          ...calls,
        };
    say(`${plan.incidentPerS} jobs/s on a capacity of ${capacityPerS} for ${plan.incidentS} s …`);
    return proveIncident('overload', plan, { quick });
  },
};
