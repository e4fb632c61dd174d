import type { RunProgress, RunStage } from '@aiperf/controller';

const STAGE_NAMES: Readonly<Record<RunStage, string>> = {
  starting: 'Starting',
  warmup: 'Warmup',
  profiling: 'Profiling',
  processing: 'Records',
  exporting: 'Exporting',
};

const BAR_CELLS = 20;

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/**
 * One line that says what a run is doing: bar, count, rate, requests in flight, errors and time left.
 * On a narrow terminal the bar gives way, and the word behind the count with the last of it, since errors and time left stand at the
 * end. The last column stays free.
 */
export function renderProgress(
  progress: RunProgress,
  nowMs: number,
  columns: number = Number.POSITIVE_INFINITY,
): string {
  const line = renderStage(progress, nowMs, BAR_CELLS);
  const excess = line.length - (columns - 1);
  return excess > 0 ? renderStage(progress, nowMs, Math.max(0, BAR_CELLS - excess)) : line;
}

function renderStage(progress: RunProgress, nowMs: number, barCells: number): string {
  const elapsedSec = (nowMs - progress.stageStartMs) / 1000;
  const name = STAGE_NAMES[progress.stage].padEnd(9);
  switch (progress.stage) {
    case 'starting':
    case 'exporting':
      return `${name} ${seconds(elapsedSec)}`;
    case 'processing':
      return renderRecords(progress, name, elapsedSec, barCells);
    case 'warmup':
    case 'profiling':
      return renderLoad(progress, name, elapsedSec, barCells);
  }
}

function renderLoad(progress: RunProgress, name: string, elapsedSec: number, barCells: number): string {
  const { counts, expectedRequests, expectedDurationSec } = progress;
  const done = counts.completed + counts.failed + counts.cancelled;
  const ratePerSec = elapsedSec > 0 ? done / elapsedSec : 0;
  const byCount = expectedRequests === null ? 0 : done / expectedRequests;
  const byTime = expectedDurationSec === null ? 0 : elapsedSec / expectedDurationSec;
  // Whichever limit is reached first ends the phase.
  const share = Math.min(1, Math.max(byCount, byTime));
  const of = expectedRequests === null ? '' : `/${whole.format(expectedRequests)}`;
  const errors = Math.max(counts.failed, progress.recordErrors);
  const leftSec = share > 0 ? (elapsedSec * (1 - share)) / share : Number.NaN;
  return [
    `${name} ${bar(share, barCells)} ${whole.format(done)}${of}${barCells > 0 ? ' requests' : ''}`,
    `${tenths.format(ratePerSec)} req/s`,
    `${whole.format(counts.inFlight)} in flight`,
    `${whole.format(errors)} errors`,
    `ETA ${Number.isNaN(leftSec) ? '--' : seconds(leftSec)}`,
  ].join('  ');
}

function renderRecords(progress: RunProgress, name: string, elapsedSec: number, barCells: number): string {
  const { recordsProcessed, recordsExpected } = progress;
  const share = recordsExpected === null || recordsExpected === 0 ? 0 : recordsProcessed / recordsExpected;
  const of = recordsExpected === null ? '' : `/${whole.format(recordsExpected)}`;
  return `${name} ${bar(Math.min(1, share), barCells)} ${whole.format(recordsProcessed)}${of} processed  ${seconds(elapsedSec)}`;
}

function bar(share: number, cells: number): string {
  const filled = Math.round(share * cells);
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  return cells > 0 ? `${'█'.repeat(filled)}${'░'.repeat(cells - filled)} ${percent}` : percent;
}

function seconds(valueSec: number): string {
  const wholeSec = Math.max(0, Math.round(valueSec));
  const minutes = Math.floor(wholeSec / 60);
  return `${String(minutes).padStart(2, '0')}:${String(wholeSec % 60).padStart(2, '0')}`;
}
