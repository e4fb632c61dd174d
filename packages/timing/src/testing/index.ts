export { VirtualClock } from '../virtual-clock.ts';
export type { VirtualClockOptions } from '../virtual-clock.ts';
