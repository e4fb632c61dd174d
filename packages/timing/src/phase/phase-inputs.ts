import type { RandomSource } from '@aiperf/dataset';
import { arrivalTimes } from '../arrival-intervals.ts';
import { createCancellationPlan } from '../cancellation.ts';
import { planFixedSchedule } from '../fixed-schedule.ts';
import type { FixedSchedulePlan } from '../fixed-schedule.ts';
import { ClosedLoopSessions } from '../sessions/closed-loop-sessions.ts';
import { RateSessions } from '../sessions/rate-sessions.ts';
import { ScheduleSessions } from '../sessions/schedule-sessions.ts';
import type { ConversationTimes, SessionSource } from '../sessions/session-source.ts';
import { UserSessions } from '../sessions/user-sessions.ts';
import { slotSteps } from '../slot-ramp.ts';
import type { SlotStep } from '../slot-ramp.ts';
import { TimingError } from '../timing-error.ts';
import type { PhasePlan } from './phase-plan.ts';

/** What phases draw from: the dataset, the seed, and one order of conversations for all of them. */
export interface LoadInputs {
  readonly times: ConversationTimes;
  readonly random: RandomSource;
  readonly nextConversationIndex: () => number;
}

/** What a phase draws its sessions, cancellations and ramps from. */
export interface PhaseInputs {
  /** The sessions of a phase that begins then (run nanoseconds). */
  createSessions(startNs: number): SessionSource;
  readonly nextCancelAfterNs: () => number;
  /** How the limits climb; absent: they are what the plan says from the beginning. */
  readonly concurrencySteps?: readonly SlotStep[];
  readonly prefillSteps?: readonly SlotStep[];
}

/** The inputs of one phase. Every stream is the phase's own, so that a warm-up does not change the profiling schedule. */
export function createPhaseInputs(plan: PhasePlan, inputs: LoadInputs): PhaseInputs {
  const { load } = plan;
  const stream = (purpose: string): ReturnType<RandomSource['stream']> =>
    inputs.random.stream(load.name === 'profiling' ? purpose : `${purpose}.${load.name}`);
  const cancellation = createCancellationPlan(load.cancellation, stream('cancellation'));
  return {
    createSessions: (startNs) => createSessions(plan, inputs, startNs, () => stream('arrivals')),
    nextCancelAfterNs: () => cancellation.nextCancelAfterNs(),
    ...(load.concurrency === undefined || load.concurrencyRamp === undefined
      ? {}
      : { concurrencySteps: slotSteps(load.concurrency, load.concurrencyRamp, stream('ramp.concurrency')) }),
    ...(load.prefillConcurrency === undefined || load.prefillConcurrencyRamp === undefined
      ? {}
      : { prefillSteps: slotSteps(load.prefillConcurrency, load.prefillConcurrencyRamp, stream('ramp.prefill')) }),
  };
}

/** The recording that a phase with a fixed schedule plays: the first turn of every conversation that has a time. */
export function planSchedule(plan: PhasePlan, times: ConversationTimes): FixedSchedulePlan {
  const recording = Array.from({ length: times.conversationCount }, (_, conversationIndex) => ({
    conversationIndex,
    timestampNs: times.turnTiming(conversationIndex, 0).timestampNs,
  }));
  return planFixedSchedule(recording, plan.fixedSchedule, plan.load.durationSec);
}

function createSessions(
  plan: PhasePlan,
  { times, nextConversationIndex }: LoadInputs,
  startNs: number,
  arrivalStream: () => ReturnType<RandomSource['stream']>,
): SessionSource {
  const { load } = plan;
  switch (plan.mode) {
    case 'concurrency':
      return new ClosedLoopSessions(times, nextConversationIndex);
    case 'request_rate':
      return new RateSessions(times, nextConversationIndex, arrivalTimes(load, arrivalStream()), startNs);
    case 'fixed_schedule':
      return new ScheduleSessions(times, planSchedule(plan, times), startNs, plan.fixedSchedule.endOffsetMs);
    case 'user_centric': {
      const { userCount, requestRatePerSec, requestCount } = load;
      if (userCount === undefined || requestRatePerSec === undefined) {
        throw new TimingError(
          'AIPERF_TIMING_PLAN',
          `phase ${load.name}: users need a userCount and a requestRatePerSec`,
        );
      }
      return new UserSessions(
        times,
        nextConversationIndex,
        { userCount, requestRatePerSec, ...(requestCount === undefined ? {} : { requestCount }) },
        startNs,
      );
    }
  }
}
