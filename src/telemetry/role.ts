/** What a process of the pool does; every log line and every metric of it carries this word as `role`. */
export const roles = ['worker', 'supervisor', 'producer', 'keeper', 'cli'] as const;

export type Role = (typeof roles)[number];
