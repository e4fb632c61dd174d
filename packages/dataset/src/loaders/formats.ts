import type { InputFormat } from './input-format.ts';
import { mooncakeTrace } from './mooncake-trace.ts';

/** Every format of input files, in the order in which an unnamed one is looked for. */
export const INPUT_FORMATS: readonly [InputFormat, ...InputFormat[]] = [mooncakeTrace];
