import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { type Board, dashboardOf } from './board.js';
import { overview } from './overview.js';
import { queue } from './queue.js';
import { redis } from './redis.js';
import { resilience } from './resilience.js';
import { workers } from './workers.js';

const boards: Readonly<Record<string, Board>> = { overview, queue, workers, resilience, redis };

export const dashboards = (): Dashboard[] => Object.values(boards).map(dashboardOf);

/** The files of grafana/dashboards, by name, with what stands in them. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(boards).map(([name, board]) => [`${name}.json`, `${JSON.stringify(dashboardOf(board), null, 2)}\n`]),
  );
}
