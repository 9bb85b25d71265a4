import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** A name for one life of a worker process: where it runs, its pid, and a part no other life shares. Never a host name alone. */
export function createWorkerId(): string {
  const host = hostname()
    .replace(/[^a-zA-Z0-9.-]/g, '-')
    .slice(0, 40);
  return `${host}-${process.pid}-${randomBytes(4).toString('hex')}`;
}
