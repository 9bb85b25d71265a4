const prefix = 'breaker:';

/** The reason for which jobs are set aside while this breaker lets no call through. */
export function parkReasonOf(breaker: string): `${typeof prefix}${string}` {
  return `${prefix}${breaker}`;
}

/** The breaker for which a job was set aside; undefined when it was for something else. */
export function breakerOfParkReason(reason: string | undefined): string | undefined {
  return reason?.startsWith(prefix) ? reason.slice(prefix.length) : undefined;
}
