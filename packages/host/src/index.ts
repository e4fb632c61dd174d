export { claimHost } from './host-claim.ts';
export type { HostClaimOptions } from './host-claim.ts';
export { readKernelStat } from './kernel-stat.ts';
export { LOWEST_NICENESS, setSessionNiceness } from './session-niceness.ts';
