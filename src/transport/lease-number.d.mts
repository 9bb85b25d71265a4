/** The how manieth lease of its worker a token stands for. */
export function leaseNumber(token: string): number;

/** The same as threads share it: never 0, and anew from 1 after two thousand million leases. */
export function sharedLeaseNumber(number: number): number;
