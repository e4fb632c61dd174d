export { MemoryNetwork } from './memory-network.ts';
