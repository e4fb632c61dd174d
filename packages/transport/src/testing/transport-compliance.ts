import { describe } from 'vitest';

import { cancellationTests } from './compliance/cancellations.ts';
import { connectionTests } from './compliance/connections.ts';
import { endingTests } from './compliance/endings.ts';
import { failureTests } from './compliance/failures.ts';
import { framingTests } from './compliance/framing.ts';
import { stagingTests } from './compliance/staging.ts';
import { requestTests } from './compliance/requests.ts';
import type { ComplianceSubject } from './compliance/rig.ts';

/** Every HTTP transport must pass this, against real servers on loopback. */
export function describeTransport(subject: ComplianceSubject): void {
  describe(`${subject.kind} transport`, () => {
    framingTests(subject);
    connectionTests(subject);
    requestTests(subject);
    failureTests(subject);
    endingTests(subject);
    cancellationTests(subject);
    if (subject.kind === 'direct') stagingTests(subject);
  });
}
