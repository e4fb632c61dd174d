import type { PhaseConfig, RampConfig } from '@aiperf/config';

const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

/** One line that says what a phase asks for: what drives it, its limits, what ends it. */
export function describePhase(phase: PhaseConfig): string {
  const { cancellation, prefillConcurrency, prefillConcurrencyRamp } = phase;
  return [
    describeLoad(phase),
    prefillConcurrency === undefined
      ? ''
      : `${number.format(prefillConcurrency)} waiting for their first token at most${ramped(prefillConcurrencyRamp)}`,
    cancellation === undefined
      ? ''
      : `${number.format(cancellation.ratePercent)} % cancelled after ${number.format(cancellation.delaySec)} s`,
    describeEnd(phase),
    phase.seamless ? 'the next phase begins when the last request is sent' : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function describeLoad(phase: PhaseConfig): string {
  const { arrivalPattern, arrivalSmoothness, requestRatePerSec, requestRateSeries, concurrency, userCount } = phase;
  const slots = concurrency === undefined ? '' : `${number.format(concurrency)} sessions at once`;
  const limit = slots === '' ? '' : `, ${slots} at most${ramped(phase.concurrencyRamp)}`;
  switch (phase.mode) {
    case 'concurrency':
      return slots + ramped(phase.concurrencyRamp);
    case 'request_rate': {
      const shape = arrivalPattern === 'gamma' ? ` of shape ${number.format(arrivalSmoothness ?? 1)}` : '';
      if (arrivalPattern === 'concurrency_burst') return `all at once${limit}`;
      const rate =
        requestRateSeries === undefined
          ? `${number.format(requestRatePerSec ?? 0)} requests/s${ramped(phase.requestRateRamp)}`
          : `${number.format(requestRateSeries[0]?.ratePerSec ?? 0)} to ${number.format(requestRateSeries.at(-1)?.ratePerSec ?? 0)} requests/s by a series of ${requestRateSeries.length} points`;
      return `${rate}, ${arrivalPattern}${shape}${limit}`;
    }
    case 'fixed_schedule':
      return `recorded times${limit}`;
    case 'user_centric':
      return `${number.format(userCount ?? 0)} users, ${number.format(requestRatePerSec ?? 0)} requests/s over all${limit}`;
  }
}

function ramped(ramp: RampConfig | undefined): string {
  return ramp === undefined
    ? ''
    : ` after ${ramp.shape === 'exponential' ? 'an' : 'a'} ${ramp.shape} ramp of ${number.format(ramp.durationSec)} s`;
}

function describeEnd({ requestCount, sessionCount, durationSec }: PhaseConfig): string {
  const ends = [
    requestCount === undefined ? '' : `${number.format(requestCount)} requests`,
    sessionCount === undefined ? '' : `${number.format(sessionCount)} sessions`,
    durationSec === undefined ? '' : `${number.format(durationSec)} s`,
  ].filter((end) => end !== '');
  if (ends.length === 0) return '';
  return ends.length === 1 ? `ends after ${ends.join('')}` : `ends after ${ends.join(' or ')}, whichever is first`;
}
