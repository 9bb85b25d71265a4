import { type Profiler, Session } from 'node:inspector/promises';

/** How much of the time a function itself used, without those that it called. */
export interface FunctionShare {
  /** Name, file and line. */
  readonly where: string;
  /** Of all the time in which the process did something, 0 to 1. */
  readonly share: number;
}

const samplingMicros = 200;

/** Watches on which functions this process spends its time; what is returned ends that and tells, the greediest first. */
export async function startCpuProfile(): Promise<() => Promise<readonly FunctionShare[]>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: samplingMicros });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return sharesOf(profile);
  };
}

function sharesOf({ nodes }: Profiler.Profile): readonly FunctionShare[] {
  const hits = new Map<string, number>();
  for (const { callFrame, hitCount = 0 } of nodes) {
    if (callFrame.functionName === '(idle)') continue;
    const where = placeOf(callFrame);
    hits.set(where, (hits.get(where) ?? 0) + hitCount);
  }
  const all = [...hits.values()].reduce((sum, count) => sum + count, 0);
  return [...hits].map(([where, count]) => ({ where, share: count / all })).sort((a, b) => b.share - a.share);
}

/** Long paths begin where it gets interesting: at the package, or below dist. */
function placeOf({ functionName, url, lineNumber }: Profiler.Profile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)';
  return url === '' ? name : `${name} ${url.replace(/^.*\/node_modules\/|^.*?\/dist\//, '')}:${lineNumber + 1}`;
}
