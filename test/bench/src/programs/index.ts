import type { Program } from '../program.ts';
import { hot } from './hot.ts';
import { million } from './million.ts';
import { server } from './server.ts';
import { startup } from './startup.ts';
import { streams } from './streams.ts';
import { summary } from './summary.ts';
import { throughput } from './throughput.ts';
import { tokens } from './tokens.ts';

/** Every program, in the order in which they run. */
export const PROGRAMS: readonly Program[] = [server, hot, throughput, tokens, startup, streams, summary, million];
