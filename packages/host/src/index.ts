export { claimHost } from './host-claim.ts';
export type { HostClaim, HostClaimOptions } from './host-claim.ts';
export { giveWay } from './give-way.ts';
export { readKernelStat } from './kernel-stat.ts';
export { hasOwnShare, LOWEST_NICENESS, setSessionNiceness } from './session-niceness.ts';
