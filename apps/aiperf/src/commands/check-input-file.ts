import type { UserConfig } from '@aiperf/config';

const NS_PER_MS = 1e6;

/** Whether the first record of an input file says when it was sent. Loads the reader of input files only for a run that has one. */
export async function hasTimestamps(path: string): Promise<boolean> {
  const { isTimedInputFile } = await import('@aiperf/dataset/input-file');
  return isTimedInputFile(path);
}

/**
 * Reads the input file, and plans its schedule where it is played as one. Both are done again by the services; what is wrong is better told
 * before anything is started.
 */
export async function checkInputFile(config: UserConfig): Promise<void> {
  if (config.input.inputFile === undefined) return;
  const { readInputFile } = await import('@aiperf/dataset/input-file');
  const { conversations } = await readInputFile(config.input.inputFile, config);
  const played = config.phases.filter(({ mode }) => mode === 'fixed_schedule');
  if (played.length === 0) return;
  const recording = conversations.map(({ turns }, conversationIndex) => {
    const timestampNs = (turns[0]?.timestampMs ?? Number.NaN) * NS_PER_MS;
    return { conversationIndex, timestampNs };
  });
  const { planFixedSchedule } = await import('@aiperf/timing');
  for (const { durationSec } of played) planFixedSchedule(recording, config.fixedSchedule, durationSec);
}
