/**
 * Every error code Bulwark can throw. Append only: a retired code stays here with the note "retired, do not reuse",
 * because users match on codes and their alerts outlive our releases.
 */
export const errorCodes = [
  'BULWARK_CONFIG_INVALID',
  'BULWARK_DEFINITION_INVALID',
  'BULWARK_DRAIN_TIMEOUT',
  'BULWARK_DEPENDENCY_TIMEOUT',
  'BULWARK_JOB_CANCELLED',
  'BULWARK_JOB_EXPIRED',
  'BULWARK_JOB_FAILED',
  'BULWARK_JOB_NOT_FOUND',
  'BULWARK_JOB_POISON',
  'BULWARK_JOB_TIMEOUT',
  'BULWARK_KIND_UNKNOWN',
  'BULWARK_LEASE_LOST',
  'BULWARK_PAYLOAD_INVALID',
  'BULWARK_PAYLOAD_TOO_LARGE',
  'BULWARK_PORT_TAKEN',
  'BULWARK_QUEUE_UNKNOWN',
  'BULWARK_REDIS_MISCONFIGURED',
  'BULWARK_REDIS_UNAVAILABLE',
  'BULWARK_SCRIPT_CONTRACT',
  'BULWARK_WAIT_TIMEOUT',
  'BULWARK_POOL_RUNNING',
  'BULWARK_USAGE_INVALID',
  'BULWARK_POOL_GAVE_UP',
  'BULWARK_KEY_CONFLICT',
] as const;

export type ErrorCode = (typeof errorCodes)[number];
