export interface LockedPackage {
  readonly version?: string;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

export interface Lock {
  readonly packages?: Readonly<Record<string, LockedPackage>>;
}

export interface InstallEvidence {
  readonly wantedStamp: string;
  readonly stamp: string | undefined;
  readonly lock: Lock;
  readonly installed: Lock | undefined;
  readonly linkedTo: string | undefined;
}

export interface InstallDecision {
  readonly kind: 'fresh' | 'stamp' | 'install' | 'refuse';
  readonly reason: string;
}

export function decideInstall(evidence: InstallEvidence): InstallDecision;
export function stampOf(platform: string, lockHash: string): string;
