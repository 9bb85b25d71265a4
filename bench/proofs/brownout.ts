import type { Proof } from '../proof.js';
import { proveIncident } from '../runs/overload-result.js';

const capacityPerS = 100;
const callMs = 100;

/** The database all work needs falls to two fifths of its pace for a minute. */
export const brownout: Proof = {
  name: 'brownout',
  about: 'the capacity falls to two fifths for a minute: how long critical work waits (3 min)',
  run: (say, { quick }) => {
    const rest = {
      warmPerS: 0.7 * capacityPerS,
      incidentPerS: 0.7 * capacityPerS,
      callMs,
      incidentCallMs: callMs / 0.4,
    };
    const plan = quick
      ? { warmS: 2, incidentS: 4, patienceS: 5, ...rest }
      : { warmS: 15, incidentS: 60, patienceS: 120, ...rest };
    say(`${plan.incidentPerS} jobs/s on a capacity that falls from ${capacityPerS} to ${0.4 * capacityPerS} …`);
    return proveIncident('brownout', plan, { quick });
  },
};
