import type { EpochMs } from '../time/duration.js';

/**
 * What Bulwark knows of a job beyond its payload. It travels in the job's BullMQ options under one key, so that the
 * payload stays exactly what the producer wrote and other tools can read it.
 */
export interface JobMeta {
  /** Version of the payload; absent when a plain BullMQ producer wrote the job. */
  readonly version?: number;
  /** The idempotency key, as the producer gave it. */
  readonly key?: string;
  readonly tenant?: string;
  /** Not worth doing after this moment. */
  readonly deadline?: EpochMs;
  /** Who enqueued it. */
  readonly producer?: string;
}

/** The key in the job's options. */
export const jobMetaOption = 'bw';

/** The last moment that a `Date` can hold; one beyond it cannot be written as a date. */
const lastMomentMs = 8.64e15;

/** Reads the metadata of a job that anybody may have written: what does not have the right type is left out. */
export function parseJobMeta(raw: unknown): JobMeta {
  if (typeof raw !== 'object' || raw === null) return {};
  const { version, key, tenant, deadline, producer } = raw as Record<string, unknown>;
  const meta: { -readonly [Field in keyof JobMeta]: JobMeta[Field] } = {};
  if (typeof version === 'number' && Number.isInteger(version) && version > 0) meta.version = version;
  if (typeof key === 'string') meta.key = key;
  if (typeof tenant === 'string') meta.tenant = tenant;
  if (typeof deadline === 'number' && deadline >= 0 && deadline <= lastMomentMs) meta.deadline = deadline as EpochMs;
  if (typeof producer === 'string') meta.producer = producer;
  return meta;
}
